;;; aiana.el --- What your coding assistants said  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1") (jsonrpc "1.0.14"))
;; Keywords: tools, convenience
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Aiana keeps the sessions of the coding assistants on this machine and
;; what you ask it to remember, and finds both by words and by meaning.
;; This package talks to its language server, `aiana lsp', over a connection
;; of its own: Eglot runs one server per project and mode, which stays free
;; for the language.
;;
;;     (add-to-list 'load-path "/path/to/aiana/editors/emacs")
;;     (autoload 'aiana-map "aiana" nil t 'keymap)
;;     (global-set-key (kbd "C-c a") 'aiana-map)

;;; Code:

(require 'aiana-actions)
(require 'aiana-client)
(require 'aiana-document)
(require 'aiana-list)
(require 'seq)

(declare-function flymake-diagnostics "flymake" (&optional beg end))
(declare-function flymake-diagnostic-data "flymake" (diag) t)
(declare-function flymake-diagnostic-text "flymake" (diag) t)
(declare-function flycheck-overlay-errors-at "flycheck" (pos))
(declare-function flycheck-error-message "flycheck" (err) t)
(declare-function flycheck-error-id "flycheck" (err) t)

(defvar aiana-query-history nil "What was searched for.")
(defvar aiana-preference-history nil "Preferences that were typed.")

(defvar aiana--importing nil "Progress token of the import that runs.")

(defun aiana--region ()
  "Text of the region, if it is active."
  (when (use-region-p)
    (buffer-substring-no-properties (region-beginning) (region-end))))

(defun aiana--diagnostic-here ()
  "What Flymake or Flycheck shows at point, a plist of `:message' and `:code'."
  (let* ((flymake (and (bound-and-true-p flymake-mode) (car (flymake-diagnostics (point)))))
         ;; Eglot puts the name of its server and the code before the message.
         (told (and flymake (alist-get 'eglot-lsp-diag (flymake-diagnostic-data flymake))))
         (flycheck (and (bound-and-true-p flycheck-mode)
                        (car (flycheck-overlay-errors-at (point))))))
    (cond (told (list :message (plist-get told :message) :code (plist-get told :code)))
          (flymake (list :message (flymake-diagnostic-text flymake) :code nil))
          (flycheck (list :message (flycheck-error-message flycheck)
                          :code (flycheck-error-id flycheck))))))

(defun aiana--read-query ()
  "A query that the user types."
  (read-string "Search Aiana: " nil 'aiana-query-history))

;;;###autoload
(defun aiana-search (query &optional all)
  "Search for QUERY in this project and open the chosen hit.
With a prefix argument search ALL projects."
  (interactive (list (aiana--read-query) current-prefix-arg))
  (aiana--choose-and-open (aiana--hits query all) all))

;;;###autoload
(defun aiana-list (query &optional all)
  "List what a search for QUERY finds in this project, to mark and act on.
With a prefix argument search ALL projects."
  (interactive (list (aiana--read-query) current-prefix-arg))
  (aiana--show-list (aiana--hits query all) (aiana--folder)))

;;;###autoload
(defun aiana-sessions (&optional all)
  "Choose a session of this project and read it.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (aiana--choose-and-open (aiana--session-list all) all))

;;;###autoload
(defun aiana-list-sessions (&optional all)
  "List the sessions of this project, to mark and act on.
With a prefix argument list those of ALL projects."
  (interactive "P")
  (aiana--show-list (aiana--session-list all) (aiana--folder)))

;;;###autoload
(defun aiana-file-history (file)
  "List the turns in which a session edited, read or named FILE, newest first.
By default it is the file of this buffer."
  (interactive (list (or buffer-file-name (read-file-name "History of: "))))
  (aiana--show-list (aiana--history (expand-file-name file)) default-directory))

;;;###autoload
(defun aiana-why (first last)
  "List the turns that wrote, changed or discussed the current line.
With an active region, those of its lines FIRST to LAST.  The file is
looked at as it lies on the disk."
  (interactive
   (if (use-region-p)
       (list (line-number-at-pos (region-beginning) t)
             (line-number-at-pos (max (region-beginning) (1- (region-end))) t))
     (list (line-number-at-pos nil t) (line-number-at-pos nil t))))
  (unless buffer-file-name (user-error "This buffer is no file"))
  (aiana--show-list (aiana--why (expand-file-name buffer-file-name) first last)
                    default-directory))

;;;###autoload
(defun aiana-fixes (what)
  "List the turns in which an error stood before something made it go away.
WHAT is a text, or a diagnostic: a plist of `:message' and `:code'.
By default it is the region, else the diagnostic of Flymake or Flycheck
at point, else the line of a compilation; else it is asked for."
  (interactive
   (list (or (aiana--region) (aiana--diagnostic-here)
             (when (derived-mode-p 'compilation-mode)
               (buffer-substring-no-properties (line-beginning-position) (line-end-position)))
             (read-string "Error: "))))
  (aiana--show-list (aiana--fixes (if (stringp what) (list :text what)
                                    (list :diagnostic what)))
                    default-directory))

;;;###autoload
(defun aiana-memories (&optional all)
  "List the memories of this project, to show, edit, pin and forget them.
With a prefix argument list those of ALL projects."
  (interactive "P")
  (aiana--show-list (aiana--memory-list all) (aiana--folder)))

(defun aiana--with-session (act all)
  "Call ACT, a command, on what is at point, or on a session that is chosen.
ALL sessions or those of this project."
  (if (and aiana-targets-function (funcall aiana-targets-function))
      (call-interactively act)
    (aiana--choose-and-act (aiana--session-list all) all
                           (lambda () (call-interactively act)))))

;;;###autoload
(defun aiana-resume (&optional all)
  "Go on with the session at point, or one that is chosen, in its own assistant.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (aiana--with-session #'aiana-act-resume all))

;;;###autoload
(defun aiana-hand-over (&optional all)
  "Put an account of the session at point, or one that is chosen, into a new chat.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (aiana--with-session #'aiana-act-hand-over all))

;;;###autoload
(defun aiana-changes (&optional all)
  "Show what the session at point, or one that is chosen, changed, as a diff.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (aiana--with-session #'aiana-act-changes all))

;;;###autoload
(defun aiana-share (&optional all)
  "Write what is at point, or a session that is chosen, for somebody else.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (aiana--with-session #'aiana-act-share all))

;;;###autoload
(defun aiana-remember (text &optional type)
  "Keep TEXT, by default the region; with a prefix argument ask for its TYPE."
  (interactive
   (list (or (aiana--region) (read-string "Remember: "))
         (when current-prefix-arg
           (completing-read "Type: " '("insight" "pattern" "preference" "conversation") nil t))))
  (let* ((origin
          (when (and buffer-file-name (use-region-p))
            `(:origin
              (:uri ,(aiana--uri buffer-file-name)
               :range (:start (:line ,(1- (line-number-at-pos (region-beginning) t)) :character 0)
                       :end (:line ,(1- (line-number-at-pos (region-end) t)) :character 0))))))
         (added (apply #'aiana-request :aiana/memory/add
                       :content text :memoryType (or type "insight")
                       :project (aiana--folder) origin)))
    (message "Aiana: %s" (if (plist-get added :duplicateOf) "This was known already."
                           "Remembered."))
    added))

(defun aiana-context (&optional query)
  "What is worth knowing about this file, the region and QUERY, as text for a chat."
  (let ((selection (aiana--region)))
    (plist-get
     (apply #'aiana-request :aiana/context :project (aiana--folder)
            (append (when query (list :query query))
                    (when selection (list :selection selection))
                    (when buffer-file-name
                      (list :textDocument (list :uri (aiana--uri buffer-file-name))))))
     :context)))

;;;###autoload
(defun aiana-copy-context (query)
  "Put the context for this file, the region and QUERY on the kill ring."
  (interactive (list (read-string "About (may be empty): " nil 'aiana-query-history)))
  (let ((context (aiana-context (unless (string-empty-p query) query))))
    (if (string-empty-p context)
        (message "Aiana: There is nothing worth quoting for this.")
      (kill-new context)
      (message "Aiana: The context is on the kill ring."))))

;;;###autoload
(defun aiana-prefer (text)
  "Keep TEXT as a preference."
  (interactive (list (read-string "Preference: " nil 'aiana-preference-history)))
  (aiana-request :aiana/preference/add :text text)
  (message "Aiana: Noted."))

;;;###autoload
(defun aiana-preferences ()
  "Look through the preferences and remove one that no longer holds."
  (interactive)
  (let* ((profile (aiana-request :aiana/preference/list))
         (all (append (plist-get profile :static) (plist-get profile :dynamic) nil)))
    (if (null all)
        (message "Aiana: No preferences yet: M-x aiana-prefer.")
      (let* ((rows (mapcar (lambda (one)
                             (list :label (aiana--one-line (plist-get one :text))
                                   :annotation (aiana--date (plist-get one :createdAt))
                                   :target one))
                           all))
             (chosen (aiana--choose '(:prompt "Preference") (list :rows rows))))
        (when (yes-or-no-p (format "Remove “%s”? " (aiana--fit (plist-get chosen :text) 60)))
          (aiana-request :aiana/preference/remove :id (plist-get chosen :id))
          (message "Aiana: Removed."))))))

(defun aiana--import-report (result)
  "What an import did, from its RESULT."
  (let ((parts (mapcar
                (pcase-lambda (`(,source ,counts))
                  (concat
                   (format "%s: %d new, %d grown, %d messages" (substring (symbol-name source) 1)
                           (plist-get counts :imported) (plist-get counts :updated)
                           (plist-get counts :messages))
                   (mapconcat (lambda (failure)
                                (format "; %s: %s" (plist-get failure :path)
                                        (plist-get failure :reason)))
                              (plist-get counts :failed) "")))
                (seq-partition (plist-get result :sources) 2))))
    (if parts (string-join parts "; ") "No transcripts were found.")))

;;;###autoload
(defun aiana-import (&optional path)
  "Read the new transcripts of all assistants while you work on.
With a prefix argument ask for a PATH, a file or folder.  `aiana-stop-import'
stops it; what has been read until then is kept."
  (interactive (list (when current-prefix-arg (read-file-name "Import: " nil nil t))))
  (when (and path (not (file-exists-p path)))
    (user-error "Aiana: There is no file or folder %s" path))
  (let ((token (format "aiana-import-%s" (random))))
    (setq aiana--importing token)
    (apply #'aiana-request-async
           (lambda (failure result)
             (when (equal aiana--importing token) (setq aiana--importing nil))
             (message "Aiana: %s" (or failure (aiana--import-report result))))
           :aiana/capture/import :workDoneToken token
           (when path (list :paths (vector (expand-file-name path)))))
    (message "Aiana: Importing; M-x aiana-stop-import stops it.")))

;;;###autoload
(defun aiana-stop-import ()
  "Stop the import that runs."
  (interactive)
  (unless aiana--importing (user-error "Aiana: No import is running"))
  (aiana--notify :window/workDoneProgress/cancel :token aiana--importing))

;;;###autoload
(defun aiana-status ()
  "Say how Aiana is."
  (interactive)
  (message "Aiana: %s" (plist-get (aiana-request :aiana/status) :message)))

;;;###autoload (autoload 'aiana-map "aiana" nil t 'keymap)
(defvar aiana-map
  (let ((map (make-sparse-keymap)))
    (define-key map "s" #'aiana-search)
    (define-key map "S" #'aiana-list)
    (define-key map "r" #'aiana-remember)
    (define-key map "c" #'aiana-copy-context)
    (define-key map "l" #'aiana-sessions)
    (define-key map "L" #'aiana-list-sessions)
    (define-key map "f" #'aiana-file-history)
    (define-key map "w" #'aiana-why)
    (define-key map "e" #'aiana-fixes)
    (define-key map "m" #'aiana-memories)
    (define-key map "R" #'aiana-resume)
    (define-key map "H" #'aiana-hand-over)
    (define-key map "=" #'aiana-changes)
    (define-key map "X" #'aiana-share)
    (define-key map "o" #'aiana-open)
    (define-key map "p" #'aiana-prefer)
    (define-key map "P" #'aiana-preferences)
    (define-key map "i" #'aiana-import)
    (define-key map "k" #'aiana-stop-import)
    (define-key map "u" #'aiana-undo)
    (define-key map "?" #'aiana-status)
    map)
  "Keys of Aiana's commands, to be put behind a prefix of your choice.")
(fset 'aiana-map aiana-map)

(provide 'aiana)
;;; aiana.el ends here
