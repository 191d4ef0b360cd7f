;;; aiana-actions.el --- What can be done with hits, memories and sessions  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Code:

(require 'aiana-client)
(require 'aiana-sessions)
(require 'aiana-targets)
(require 'seq)
(require 'subr-x)

(declare-function aiana-open "aiana-document" (uri))
(declare-function aiana-open-other-window "aiana-document" (uri))

(defvar aiana--forgotten nil "Memories that were forgotten last.")

(defun aiana--texts ()
  "All that the user means, in full: a list of `:content' and `:sessionId'."
  (append (plist-get (aiana-request
                      :aiana/quote
                      :texts (vconcat (mapcar (lambda (target)
                                                (list :uri (plist-get target :uri)))
                                              (aiana--targets))))
                     :texts)
          nil))

(defun aiana--contents ()
  "Full text of all that the user means."
  (mapconcat (lambda (text) (plist-get text :content)) (aiana--texts) "\n\n"))

(defun aiana-act-open ()
  "Open what is at point."
  (interactive)
  (aiana-open (plist-get (car (aiana--targets)) :uri)))

(defun aiana-act-open-other-window ()
  "Open what is at point in another window."
  (interactive)
  (aiana-open-other-window (plist-get (car (aiana--targets)) :uri)))

(defun aiana-act-open-other-tab ()
  "Open what is at point in a new tab."
  (interactive)
  (let ((uri (plist-get (car (aiana--targets)) :uri)))
    (tab-bar-new-tab)
    (let ((display-buffer-overriding-action '(display-buffer-same-window)))
      (aiana-open uri))))

(defun aiana-act-copy ()
  "Put the text of what is at point, or marked, on the kill ring."
  (interactive)
  (kill-new (aiana--contents))
  (message "Aiana: The text is on the kill ring."))

(defun aiana--writable-window ()
  "A window of this frame whose buffer visits a file and can be written into."
  (seq-find (lambda (window)
              (with-current-buffer (window-buffer window)
                (and buffer-file-name (not buffer-read-only))))
            (window-list nil 'no-minibuffer (next-window))))

(defun aiana-act-insert ()
  "Insert the text of what is at point, or marked, into the file in another window."
  (interactive)
  (let ((window (or (aiana--writable-window)
                    (user-error "Aiana: No window shows a file that can be written into")))
        (text (aiana--contents)))
    (select-window window)
    (insert text)))

(defun aiana-act-remember ()
  "Remember the text of what is at point, or marked."
  (interactive)
  (let* ((added (mapcar
                 (lambda (text)
                   (aiana-request :aiana/memory/add :content (plist-get text :content)
                                  :sessionId (plist-get text :sessionId)
                                  :project (aiana--folder)))
                 (aiana--texts)))
         (new (seq-count (lambda (one) (not (plist-get one :duplicateOf))) added)))
    (message "Aiana: %s" (if (zerop new) "This was known already."
                           (format "Remembered: %s." (aiana--counted new "text" "texts"))))))

(defun aiana--rate (rating)
  "Judge the memories that the user means as RATING."
  (let ((ids (aiana--memories "judged")))
    (dolist (id ids) (aiana-request :aiana/memory/feedback :id id :rating rating))
    (message "Aiana: Noted as %s: %s." rating
             (aiana--counted (length ids) "memory" "memories"))))

(defun aiana-act-helpful ()
  "Say that the memory at point was helpful."
  (interactive)
  (aiana--rate "helpful"))

(defun aiana-act-unhelpful ()
  "Say that the memory at point was not helpful."
  (interactive)
  (aiana--rate "unhelpful"))

(defun aiana-act-harmful ()
  "Say that the memory at point is wrong or harmful: it stays out of contexts."
  (interactive)
  (aiana--rate "harmful"))

(defun aiana-act-pin ()
  "Pin the memory at point, or unpin it."
  (interactive)
  (dolist (id (aiana--memories "pinned"))
    (let ((pinned (seq-contains-p (plist-get (plist-get (aiana-request :aiana/memory/get :id id)
                                                        :memory)
                                             :tags)
                                  "pinned")))
      (aiana-request :aiana/memory/pin :id id :pinned (if pinned :json-false t))
      (message "Aiana: %s" (if pinned "No longer pinned." "Pinned.")))))

(defun aiana--title-of (id)
  "Title of the memory with ID among what the user means."
  (plist-get (seq-find (lambda (target) (equal (plist-get target :memory) id)) (aiana--targets))
             :title))

(defun aiana-act-forget ()
  "Forget the memory at point, or those that are marked, once that is confirmed.
See `aiana-undo'."
  (interactive)
  (let ((ids (aiana--memories "forgotten")))
    (when (y-or-n-p (if (cdr ids) (format "Forget %d memories? " (length ids))
                      (format "Forget “%s”? "
                              (truncate-string-to-width (aiana--title-of (car ids)) 60
                                                        nil nil "…"))))
      (let ((memories (mapcar (lambda (id)
                                (plist-get (aiana-request :aiana/memory/get :id id) :memory))
                              ids)))
        (let ((answer (aiana-request :aiana/memory/delete :ids (vconcat ids))))
          (setq aiana--forgotten memories)
          (message "Aiana: Forgotten: %s.  M-x aiana-undo brings back.%s"
                   (aiana--counted (length ids) "memory" "memories")
                   (aiana--still (list answer))))))))

;;;###autoload
(defun aiana-undo ()
  "Bring back the memories that were forgotten last."
  (interactive)
  (unless aiana--forgotten (user-error "Aiana: Nothing was forgotten here"))
  (dolist (memory aiana--forgotten)
    (aiana-request :aiana/memory/restore
                   ;; An empty object was read as nil, which would be sent as null.
                   :memory (append (unless (plist-get memory :metadata)
                                     (list :metadata (make-hash-table)))
                                   memory)))
  (message "Aiana: Brought back: %s."
           (aiana--counted (length aiana--forgotten) "memory" "memories"))
  (setq aiana--forgotten nil))

;;;; Editing a memory

(defvar-local aiana--edited nil "Id of the memory that this buffer changes.")

(defvar aiana-edit-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'aiana-edit-finish)
    (define-key map (kbd "C-c C-k") #'aiana-edit-cancel)
    map)
  "Keys where a memory is edited.")

(define-derived-mode aiana-edit-mode text-mode "Aiana edit"
  "The text of a memory, to be changed.

\\{aiana-edit-mode-map}"
  (setq header-line-format " C-c C-c: keep the change · C-c C-k: leave it"))

(defun aiana-act-edit ()
  "Edit the text of the memory at point."
  (interactive)
  (let* ((id (car (aiana--memories "edited")))
         (memory (plist-get (aiana-request :aiana/memory/get :id id) :memory)))
    (pop-to-buffer (generate-new-buffer "*aiana memory*"))
    (aiana-edit-mode)
    (setq aiana--edited id)
    (insert (plist-get memory :content))
    (set-buffer-modified-p nil)))

(defun aiana-edit-finish ()
  "Keep the memory as it stands here."
  (interactive)
  (when (string-blank-p (buffer-string))
    (user-error "Aiana: Nothing is left of it: to be rid of it, forget it"))
  (aiana-request :aiana/memory/update :id aiana--edited
                 :content (buffer-substring-no-properties (point-min) (point-max)))
  (quit-window t)
  (message "Aiana: Changed."))

(defun aiana-edit-cancel ()
  "Leave the memory as it was."
  (interactive)
  (quit-window t))

(defvar aiana-action-map
  (let ((map (make-sparse-keymap)))
    (define-key map "o" #'aiana-act-open-other-window)
    (define-key map "t" #'aiana-act-open-other-tab)
    (define-key map "w" #'aiana-act-copy)
    (define-key map "i" #'aiana-act-insert)
    (define-key map "r" #'aiana-act-remember)
    (define-key map "+" #'aiana-act-helpful)
    (define-key map "-" #'aiana-act-unhelpful)
    (define-key map "!" #'aiana-act-harmful)
    (define-key map "P" #'aiana-act-pin)
    (define-key map "d" #'aiana-act-forget)
    (define-key map "D" #'aiana-act-delete-session)
    (define-key map "e" #'aiana-act-edit)
    (define-key map "R" #'aiana-act-resume)
    (define-key map "H" #'aiana-act-hand-over)
    (define-key map "=" #'aiana-act-changes)
    (define-key map "X" #'aiana-act-share)
    (define-key map (kbd "C-/") #'aiana-undo)
    map)
  "Keys of the actions, in all buffers of Aiana.")

(provide 'aiana-actions)
;;; aiana-actions.el ends here
