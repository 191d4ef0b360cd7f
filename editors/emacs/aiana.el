;;; aiana.el --- What your coding assistants said  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1") (jsonrpc "1.0.14"))
;; Keywords: tools, convenience
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Aiana keeps the sessions of the coding assistants on this machine and
;; what you ask it to remember, and finds both by words and by meaning.
;; This file talks to its language server, `aiana lsp', over a connection
;; of its own: Eglot runs one server per project and mode, which stays free
;; for the language.
;;
;;     (add-to-list 'load-path "/path/to/aiana/editors/emacs")
;;     (require 'aiana)
;;     (global-set-key (kbd "C-c a") aiana-map)

;;; Code:

(require 'jsonrpc)
(require 'project)
(require 'seq)
(require 'subr-x)
(require 'url-util)

(defgroup aiana nil
  "What your coding assistants said."
  :group 'tools
  :prefix "aiana-")

(defcustom aiana-command '("aiana" "lsp")
  "Program that serves Aiana, and its arguments."
  :type '(repeat string))

(defcustom aiana-settings nil
  "Settings of the server as a plist, such as (:contextMaxTokens 800)."
  :type 'plist)

(defcustom aiana-limit 50
  "How many hits a search asks for."
  :type 'natnum)

(defcustom aiana-timeout 30
  "Seconds to wait for an answer."
  :type 'natnum)

(defvar aiana--connection nil "The connection to the server, if there is one.")

(defun aiana--project ()
  "Folder of the current project, or else of the current buffer."
  (let ((project (project-current)))
    (expand-file-name
     (cond ((null project) default-directory)
           ((fboundp 'project-root) (project-root project))
           (t (car (with-no-warnings (project-roots project))))))))

(defun aiana--uri (path)
  "PATH as a URI."
  (concat "file://" (url-hexify-string (file-truename path) url-path-allowed-chars)))

(defun aiana--show-progress (value)
  "Say what VALUE of a `$/progress' notification reports."
  (pcase (plist-get value :kind)
    ("report" (message "Aiana: %s%% %s" (plist-get value :percentage)
                       (or (plist-get value :message) "")))))

(defun aiana--notified (_connection method params)
  "Handle the notification METHOD with PARAMS."
  (pcase method
    ('$/progress (aiana--show-progress (plist-get params :value)))
    ('window/showMessage (message "Aiana: %s" (plist-get params :message)))))

(defun aiana--start ()
  "Start a server and introduce Emacs to it."
  (unless (executable-find (car aiana-command))
    (user-error "Aiana: `%s' is not installed; pip install aiana" (car aiana-command)))
  (let* ((default-directory (aiana--project))
         (connection
          (make-instance
           'jsonrpc-process-connection
           :name "aiana"
           :process (lambda ()
                      (make-process :name "aiana" :command aiana-command
                                    :connection-type 'pipe :coding 'utf-8-emacs-unix
                                    :noquery t
                                    :stderr (get-buffer-create " *aiana stderr*")))
           :notification-dispatcher #'aiana--notified
           :request-dispatcher (lambda (&rest _) nil))))
    (jsonrpc-request
     connection :initialize
     `(:processId ,(emacs-pid)
       :clientInfo (:name "Emacs (aiana.el)" :version ,emacs-version)
       :rootUri ,(aiana--uri default-directory)
       :capabilities (:experimental (:aianaDocuments t))
       :initializationOptions ,aiana-settings)
     :timeout aiana-timeout)
    (jsonrpc-notify connection :initialized (make-hash-table))
    (setq aiana--connection connection)))

(defun aiana--live-connection ()
  "The connection, started anew if the server has gone."
  (if (and aiana--connection (jsonrpc-running-p aiana--connection))
      aiana--connection
    (aiana--start)))

(defun aiana-request (method &rest params)
  "Result of METHOD, a keyword such as `:aiana/status', with PARAMS, a plist.
Signal a `user-error' with the server's words if it fails."
  (condition-case failure
      (jsonrpc-request (aiana--live-connection) method (or params (make-hash-table))
                       :timeout aiana-timeout)
    (jsonrpc-error
     (user-error "Aiana: %s" (or (alist-get 'jsonrpc-error-message (cddr failure))
                                 (error-message-string failure))))))

(defun aiana-shutdown ()
  "End the server."
  (interactive)
  (when (and aiana--connection (jsonrpc-running-p aiana--connection))
    (jsonrpc-request aiana--connection :shutdown nil :timeout aiana-timeout)
    (jsonrpc-notify aiana--connection :exit nil)
    (let ((process (jsonrpc--process aiana--connection)))
      (with-timeout (aiana-timeout)
        (while (process-live-p process) (accept-process-output process 0.05)))))
  (setq aiana--connection nil))

;;;; Choosing

(defun aiana--one-line (text)
  "TEXT without line breaks and runs of blanks."
  (string-trim (replace-regexp-in-string "[[:space:]\n\r]+" " " (or text ""))))

(defun aiana--date (time)
  "Day of TIME, a timestamp or nil."
  (if time (substring time 0 10) ""))

(defun aiana--hit-label (hit)
  "HIT on one line."
  (format "%s  %s  %s"
          (aiana--date (plist-get hit :timestamp))
          (aiana--one-line (or (plist-get hit :sessionTitle) (plist-get hit :memoryType)))
          (truncate-string-to-width (aiana--one-line (plist-get hit :snippet)) 120)))

(defun aiana--session-label (session)
  "SESSION on one line."
  (format "%s  %s  (%s, %d messages)"
          (aiana--date (plist-get session :startedAt))
          (aiana--one-line (or (plist-get session :title) (plist-get session :id)))
          (file-name-nondirectory (directory-file-name (or (plist-get session :project) "")))
          (plist-get session :messageCount)))

(defun aiana--choose (prompt items label)
  "Let the user choose one of ITEMS, in their order, by LABEL with PROMPT."
  (let ((choices nil))
    (seq-doseq (item items)
      (let* ((name (funcall label item)) (unique name) (count 1))
        (while (assoc unique choices)
          (setq unique (format "%s <%d>" name (setq count (1+ count)))))
        (push (cons unique item) choices)))
    (setq choices (nreverse choices))
    (let ((chosen (completing-read
                   prompt
                   (lambda (text predicate action)
                     (if (eq action 'metadata)
                         '(metadata (category . aiana)
                                    (display-sort-function . identity)
                                    (cycle-sort-function . identity))
                       (complete-with-action action choices text predicate)))
                   nil t)))
      (cdr (assoc chosen choices)))))

;;;; Commands

(defun aiana-open (uri)
  "Show the session or memory that URI names, at the message of its fragment."
  (interactive "sURI: ")
  (let* ((page (aiana-request :workspace/textDocumentContent :uri uri))
         (name (format "*%s*" (replace-regexp-in-string "#.*\\'" "" uri)))
         (buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (plist-get page :text)))
      (if (fboundp 'markdown-mode) (funcall 'markdown-mode) (text-mode))
      (set-buffer-modified-p nil)
      (read-only-mode 1)
      (goto-char (point-min))
      (forward-line (plist-get page :line)))
    (pop-to-buffer buffer)
    (recenter 0)))

(defun aiana-search (query &optional all)
  "Search for QUERY in this project and open the chosen hit.
With a prefix argument search ALL projects."
  (interactive (list (read-string "Search Aiana: ") current-prefix-arg))
  (let ((hits (plist-get (apply #'aiana-request :aiana/search
                                :query query :limit aiana-limit
                                (if all '(:scope "all")
                                  `(:filter (:project ,(aiana--project)))))
                         :hits)))
    (if (seq-empty-p hits)
        (message "Aiana: Nothing was found.%s"
                 (if all "" "  With a prefix argument all projects are searched."))
      (aiana-open (plist-get (aiana--choose "Hit: " hits #'aiana--hit-label) :uri)))))

(defun aiana-remember (text &optional type)
  "Keep TEXT, by default the region; with a prefix argument ask for its TYPE."
  (interactive
   (list (if (use-region-p)
             (buffer-substring-no-properties (region-beginning) (region-end))
           (read-string "Remember: "))
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
                       :project (aiana--project) origin)))
    (message "Aiana: %s" (if (plist-get added :duplicateOf) "This was known already."
                           "Remembered."))
    added))

(defun aiana-context (&optional query)
  "What is worth knowing about this file, the region and QUERY, as text for a chat."
  (let ((selection (when (use-region-p)
                     (buffer-substring-no-properties (region-beginning) (region-end)))))
    (plist-get
     (apply #'aiana-request :aiana/context :project (aiana--project)
            (append (when query (list :query query))
                    (when selection (list :selection selection))
                    (when buffer-file-name
                      (list :textDocument (list :uri (aiana--uri buffer-file-name))))))
     :context)))

(defun aiana-copy-context (query)
  "Put the context for this file, the region and QUERY on the kill ring."
  (interactive (list (read-string "About (may be empty): ")))
  (let ((context (aiana-context (unless (string-empty-p query) query))))
    (if (string-empty-p context)
        (message "Aiana: There is nothing worth quoting for this.")
      (kill-new context)
      (message "Aiana: The context is on the kill ring."))))

(defun aiana-sessions (&optional all)
  "Choose a session of this project and read it.
With a prefix argument choose among those of ALL projects."
  (interactive "P")
  (let ((sessions (plist-get (apply #'aiana-request :aiana/session/list :limit aiana-limit
                                    (unless all `(:filter (:project ,(aiana--project)))))
                             :sessions)))
    (if (seq-empty-p sessions)
        (message "Aiana: No sessions.")
      (let ((session (aiana--choose "Session: " sessions #'aiana--session-label)))
        (aiana-open (concat "aiana:///session/" (url-hexify-string (plist-get session :id))))))))

(defun aiana-prefer (text)
  "Keep TEXT as a preference."
  (interactive "sPreference: ")
  (aiana-request :aiana/preference/add :text text)
  (message "Aiana: Noted."))

(defun aiana-import ()
  "Read the new transcripts of all assistants."
  (interactive)
  (let ((aiana-timeout 3600))
    (message "Aiana: %s"
             (mapconcat
              (pcase-lambda (`(,source ,counts))
                (format "%s: %d new, %d grown, %d messages" (substring (symbol-name source) 1)
                        (plist-get counts :imported) (plist-get counts :updated)
                        (plist-get counts :messages)))
              (seq-partition (plist-get (aiana-request :aiana/capture/import
                                                       :workDoneToken "aiana-import")
                                        :sources)
                             2)
              "; "))))

(defun aiana-status ()
  "Say how Aiana is."
  (interactive)
  (message "Aiana: %s" (plist-get (aiana-request :aiana/status) :message)))

(defvar aiana-map
  (let ((map (make-sparse-keymap)))
    (define-key map "s" #'aiana-search)
    (define-key map "r" #'aiana-remember)
    (define-key map "c" #'aiana-copy-context)
    (define-key map "l" #'aiana-sessions)
    (define-key map "p" #'aiana-prefer)
    (define-key map "i" #'aiana-import)
    (define-key map "?" #'aiana-status)
    map)
  "Keys of Aiana's commands, to be put behind a prefix of your choice.")

(provide 'aiana)
;;; aiana.el ends here
