;;; aiana-sessions.el --- What can be done with sessions  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Code:

(require 'aiana-client)
(require 'aiana-targets)
(require 'diff-mode)
(require 'seq)
(require 'subr-x)
(require 'term)

(declare-function aiana-open "aiana-document" (uri))

(defun aiana-act-delete-session ()
  "Delete the sessions of what is at point, or marked, once that is confirmed.
Those of their sub-agents go with them."
  (interactive)
  (let* ((sessions (aiana--sessions))
         (delete (lambda (&rest more)
                   (mapcar (lambda (params)
                             (apply #'aiana-request :aiana/session/delete (append more params)))
                           sessions)))
         (count-of (lambda (answers)
                     (apply #'+ (mapcar (lambda (answer) (plist-get answer :deleted)) answers))))
         (count (funcall count-of (funcall delete :dryRun t)))
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
      (let ((answers (funcall delete)))
        (message "Aiana: Deleted: %s.%s"
                 (aiana--counted (funcall count-of answers) "session" "sessions")
                 (aiana--still answers))))))

;;;; The way back into a session

(defun aiana--session-uri ()
  "URI of the session that the user means, or of something in it."
  (let ((target (car (aiana--targets))))
    (cond ((null (plist-get target :session)) (user-error "Aiana: This belongs to no session"))
          ((equal (plist-get target :kind) "memory")
           (plist-get (plist-get (apply #'aiana-request :aiana/session/get
                                        (aiana--session-params target))
                                 :session)
                      :uri))
          (t (plist-get target :uri)))))

(defun aiana--account (uri)
  "An account of the session of URI, for a new chat."
  (let ((account (aiana-request :aiana/session/handover :uri uri)))
    (when (seq-empty-p (plist-get account :items))
      (user-error "Aiana: There is nothing in this session to hand over"))
    (plist-get account :context)))

(defun aiana--keep-account (account)
  "Put ACCOUNT on the kill ring."
  (kill-new account)
  (message "Aiana: An account of the session is on the kill ring."))

(defun aiana--run (way)
  "Run the command of WAY, a resumption, in a terminal buffer; return that."
  (let* ((argv (append (plist-get way :argv) nil))
         (default-directory (file-name-as-directory (plist-get way :cwd)))
         (buffer (generate-new-buffer (format "*%s*" (plist-get way :label)))))
    (with-current-buffer buffer
      (condition-case failure
          (progn
            (term-mode)
            (term-exec buffer (car argv) (car argv) nil (cdr argv))
            (term-char-mode))
        (error
         (kill-buffer buffer)
         (user-error "Aiana: `%s' cannot be started: %s" (car argv)
                     (error-message-string failure)))))
    (pop-to-buffer buffer)
    buffer))

(defun aiana--offer (reason uri)
  "Say the REASON why the session of URI is not resumed; offer something else."
  (let* ((way (aiana-request :aiana/session/resume :uri uri :mode "new"))
         (begin (unless (plist-get way :unavailable)
                  (concat (plist-get way :label) ", with an account of this one on the kill ring")))
         (copy "Only put an account of it on the kill ring")
         (choice (completing-read (concat reason " ") (delq nil (list begin copy)) nil t)))
    (cond ((and begin (equal choice begin))
           (let ((account (aiana--account uri)))
             (aiana--run way)
             (aiana--keep-account account)))
          ((equal choice copy) (aiana--keep-account (aiana--account uri))))))

(defun aiana-act-resume ()
  "Go on with the session at point in its own assistant, where it took place."
  (interactive)
  (let* ((uri (aiana--session-uri))
         (way (aiana-request :aiana/session/resume :uri uri)))
    (if (plist-get way :unavailable)
        (aiana--offer (plist-get way :unavailable) uri)
      (aiana--run way))))

(defun aiana--write (file text)
  "Write TEXT into FILE for nobody else's eyes; ask before one is overwritten."
  (when (and (file-exists-p file)
             (not (yes-or-no-p (format "%s exists; overwrite? " file))))
    (user-error "Aiana: Nothing was written"))
  (let ((coding-system-for-write 'utf-8-unix))
    (with-file-modes #o600
      (write-region text nil file))
    (set-file-modes file #o600)))

(defun aiana-act-hand-over (place)
  "Put an account of the session at point into PLACE, for a new chat.
PLACE is kill-ring, buffer or file."
  (interactive
   (list (intern (completing-read "Hand over to: " '("kill-ring" "buffer" "file") nil t))))
  (let ((account (aiana--account (aiana--session-uri))))
    (pcase place
      ('kill-ring (aiana--keep-account account))
      ('file (aiana--write (read-file-name "Hand over to: ") (concat account "\n")))
      ('buffer
       (pop-to-buffer (generate-new-buffer "*aiana handover*"))
       (insert account "\n")
       (goto-char (point-min))))))

(defun aiana--shared-contents (shared)
  "What is in SHARED, and which secrets are not."
  (let* ((messages (plist-get shared :messages))
         (kinds (seq-partition (plist-get shared :takenOut) 2))
         (all (apply #'+ (mapcar #'cadr kinds))))
    (concat (if (> messages 0) (aiana--counted messages "message" "messages") "a memory")
            (if (zerop all) ", no secrets known in it"
              (format ", %s taken out (%s)" (aiana--counted all "secret" "secrets")
                      (mapconcat (lambda (kind)
                                   (format "%s %d" (substring (symbol-name (car kind)) 1)
                                           (cadr kind)))
                                 kinds ", "))))))

(defun aiana-act-share (file)
  "Write the session or memory at point to FILE for somebody else.
It is shown first, with what was taken out of it.  A FILE whose name ends with
.json or .jsonl is an archive that `aiana import' reads, any other Markdown."
  (interactive "FShare as (.md or .jsonl): ")
  (let* ((format (if (string-match-p "\\.jsonl?\\'" file) "json" "markdown"))
         (shared (aiana-request :aiana/share :uri (plist-get (car (aiana--targets)) :uri)
                                :format format))
         (buffer (get-buffer-create "*aiana share*")))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (plist-get shared :text))
        (goto-char (point-min)))
      (special-mode))
    (save-window-excursion
      (display-buffer buffer)
      (if (yes-or-no-p (format "Write %s to %s? " (aiana--shared-contents shared) file))
          (aiana--write file (plist-get shared :text))
        (message "Aiana: Nothing was written.")))
    (kill-buffer buffer)))

;;;; What was changed

(defvar-local aiana--changed nil "The files of the diff in this buffer.")

(defvar aiana-changes-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'aiana-changes-turn)
    (define-key map "q" #'quit-window)
    map)
  "Keys in the diff of what a session changed.")

(define-derived-mode aiana-changes-mode diff-mode "Aiana changes"
  "What a session changed, each file once, later edits laid over earlier ones.

\\{aiana-changes-mode-map}"
  (setq buffer-read-only t))

(defun aiana-changes-turn ()
  "Open a turn that changed the file of the line of point."
  (interactive)
  (let* ((line (1- (line-number-at-pos)))
         (file (car (last (seq-filter (lambda (each) (<= (plist-get each :diffLine) line))
                                      aiana--changed))))
         (turns (append (plist-get file :turns) nil)))
    (cond ((null turns) (user-error "Aiana: No turn changed this"))
          ((cdr turns)
           (let ((choices (seq-map-indexed
                           (lambda (turn place)
                             (cons (format "%d of %d" (1+ place) (length turns)) turn))
                           turns)))
             (aiana-open (cdr (assoc (completing-read "Turn: " choices nil t) choices)))))
          (t (aiana-open (car turns))))))

(defun aiana-act-changes ()
  "Show what the session at point and its sub-agents changed, as a diff."
  (interactive)
  (let* ((uri (car (split-string (aiana--session-uri) "#")))
         (changes (aiana-request :aiana/session/changes :uri uri :asDiff t))
         (notes (append (plist-get changes :notes) nil)))
    (if (seq-empty-p (plist-get changes :files))
        (message "Aiana: %s"
                 (string-join (cons "No file was changed here, as far as the calls show." notes)
                              " "))
      (pop-to-buffer (get-buffer-create (format "*changes of %s*" uri)))
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (plist-get changes :diff)))
      (aiana-changes-mode)
      (setq aiana--changed (append (plist-get changes :files) nil))
      (goto-char (point-min))
      (when notes (message "Aiana: %s" (string-join notes " "))))))

(provide 'aiana-sessions)
;;; aiana-sessions.el ends here
