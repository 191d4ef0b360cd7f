;;; aiana-actions.el --- What can be done with hits, memories and sessions  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A target is a plist: `:kind' (message, memory or session, as a text),
;; `:uri', `:title', and the ids `:memory', `:session' and `:message' as far
;; as it has them.  Buffers of Aiana say what their targets are with
;; `aiana-targets-function'.

;;; Code:

(require 'aiana-client)
(require 'seq)
(require 'subr-x)

(declare-function aiana-open "aiana-document" (uri))
(declare-function aiana-open-other-window "aiana-document" (uri))


(defvar-local aiana-targets-function nil
  "Function that returns the targets at point or marked in this buffer.")

(defvar aiana--forgotten nil "Memories that were forgotten last.")

(defun aiana--targets ()
  "What the user means here; signal a `user-error' if it is nothing."
  (or (and aiana-targets-function (funcall aiana-targets-function))
      (user-error "Aiana: There is nothing of Aiana here")))

(defun aiana--each (key targets)
  "The different ids under KEY of TARGETS."
  (delete-dups (delq nil (mapcar (lambda (target) (plist-get target key)) targets))))

(defun aiana--memories (what)
  "Ids of the memories that the user means; WHAT can be done with memories alone."
  (let ((targets (aiana--targets)))
    (or (aiana--each :memory targets)
        (user-error "Aiana: Only memories can be %s; this is a %s" what
                    (plist-get (car targets) :kind)))))

(defun aiana--session-params (target)
  "Params that name the session of TARGET; ids differ within one assistant only."
  (append (list :id (plist-get target :session))
          (when (plist-get target :source) (list :source (plist-get target :source)))))

(defun aiana--sessions ()
  "Params that name the sessions that the user means, each once."
  (or (delete-dups (mapcar #'aiana--session-params
                           (seq-filter (lambda (target) (plist-get target :session))
                                       (aiana--targets))))
      (user-error "Aiana: This belongs to no session")))

(defun aiana--counted (count one many)
  "COUNT with the word ONE or MANY."
  (format "%d %s" count (if (= count 1) one many)))

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

(defun aiana-act-forget ()
  "Forget the memory at point, or those that are marked; see `aiana-undo'."
  (interactive)
  (let ((ids (aiana--memories "forgotten")))
    (when (or (null (cdr ids)) (y-or-n-p (format "Forget %d memories? " (length ids))))
      (let ((memories (mapcar (lambda (id)
                                (plist-get (aiana-request :aiana/memory/get :id id) :memory))
                              ids)))
        (aiana-request :aiana/memory/delete :ids (vconcat ids))
        (setq aiana--forgotten memories)
        (message "Aiana: Forgotten: %s.  M-x aiana-undo brings back."
                 (aiana--counted (length ids) "memory" "memories"))))))

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

(defun aiana-act-delete-session ()
  "Delete the sessions of what is at point, or marked, once that is confirmed.
Those of their sub-agents go with them."
  (interactive)
  (let* ((sessions (aiana--sessions))
         (delete (lambda (params &rest more)
                   (plist-get (apply #'aiana-request :aiana/session/delete (append more params))
                              :deleted)))
         (count (apply #'+ (mapcar (lambda (params) (funcall delete params :dryRun t))
                                   sessions)))
         (messages (apply #'+ (mapcar (lambda (params)
                                        (plist-get (plist-get (apply #'aiana-request
                                                                     :aiana/session/get params)
                                                              :session)
                                                   :messageCount))
                                      sessions))))
    (when (yes-or-no-p
           (format "Delete %s with %d messages%s from Aiana for good? "
                   (aiana--counted (length sessions) "session" "sessions") messages
                   (if (> count (length sessions))
                       (format " and %d of sub-agents" (- count (length sessions)))
                     "")))
      (message "Aiana: Deleted: %s."
               (aiana--counted (apply #'+ (mapcar delete sessions)) "session" "sessions")))))

(defun aiana-act-export (file)
  "Write the session at point to FILE, as JSON if it is named so, else as Markdown."
  (interactive "FExport to (.md or .json): ")
  (when (and (file-exists-p file)
             (not (yes-or-no-p (format "%s exists; overwrite? " file))))
    (user-error "Aiana: Nothing was written"))
  (let* ((format (if (string-suffix-p ".json" file) "json" "markdown"))
         (exported (apply #'aiana-request :aiana/session/export :format format
                          (car (aiana--sessions))))
         (coding-system-for-write 'utf-8-unix))
    (with-file-modes #o600
      (write-region (plist-get exported :text) nil file))
    (set-file-modes file #o600)))

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
    (define-key map "e" #'aiana-act-export)
    (define-key map (kbd "C-/") #'aiana-undo)
    map)
  "Keys of the actions, in all buffers of Aiana.")

(provide 'aiana-actions)
;;; aiana-actions.el ends here
