;;; aiana-client.el --- The connection to Aiana's server  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; One connection for all projects: requests name the folder that they are
;; about, and the server knows which project it belongs to.

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

(defcustom aiana-timeout 30
  "Seconds to wait for an answer."
  :type 'natnum)

(defvar aiana-changed-functions nil
  "Functions called with what changed: a plist with `:kinds' and `:projects'.")

(defvar aiana-status-functions nil
  "Functions called with the server's state, as `:aiana/status' answers it.")

(defvar aiana--connection nil "The connection to the server, if there is one.")

(defun aiana--folder ()
  "Local folder of the current project, or else of the current buffer.
Which project of Aiana's this is the server knows."
  (let ((project (project-current)))
    (expand-file-name
     (cond ((file-remote-p default-directory) "~/")
           ((null project) default-directory)
           ((fboundp 'project-root) (project-root project))
           (t (car (with-no-warnings (project-roots project))))))))

(defun aiana--uri (path)
  "PATH as a URI."
  (concat "file://" (url-hexify-string (file-truename path) url-path-allowed-chars)))

(defun aiana--show-progress (value)
  "Say what VALUE of a `$/progress' notification reports."
  (when (equal (plist-get value :kind) "report")
    (let ((message-log-max nil))
      (message "Aiana: %s%% %s" (plist-get value :percentage)
               (or (plist-get value :message) "")))))

(defun aiana--notified (_connection method params)
  "Handle the notification METHOD with PARAMS."
  (pcase method
    ('$/progress (aiana--show-progress (plist-get params :value)))
    ('aiana/didChange (run-hook-with-args 'aiana-changed-functions params))
    ('aiana/statusChanged (run-hook-with-args 'aiana-status-functions params))
    ('window/showMessage (message "Aiana: %s" (plist-get params :message)))))

(defun aiana--start ()
  "Start a server and introduce Emacs to it."
  (unless (executable-find (car aiana-command))
    (user-error "Aiana: `%s' is not installed; pip install aiana" (car aiana-command)))
  (let* ((default-directory (aiana--folder))
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

(defun aiana--check-text (value)
  "Signal a `user-error' if a text in VALUE cannot be written as UTF-8."
  (cond
   ((stringp value)
    ;; Raw bytes and surrogates are characters to Emacs and to nobody else.
    (let ((place (string-match-p "[^\x0-\xd7ff\xe000-\x10ffff]"
                                 (if (multibyte-string-p value) value
                                   (string-to-multibyte value)))))
      (when place
        (user-error "Aiana: Line %d of the text holds bytes that are not UTF-8.  %s"
                    (1+ (seq-count (lambda (character) (eq character ?\n))
                                   (substring value 0 place)))
                    "Read the file in its own encoding first: C-x RET r"))))
   ((consp value)
    (while (consp value) (aiana--check-text (pop value))))
   ((vectorp value) (mapc #'aiana--check-text value))))

(defun aiana--params (params)
  "PARAMS, a plist, as they are sent."
  (aiana--check-text params)
  (or params (make-hash-table)))

(defun aiana-request (method &rest params)
  "Result of METHOD, a keyword such as `:aiana/status', with PARAMS, a plist.
Signal a `user-error' with the server's words if it fails."
  (let ((sent (aiana--params params)))
    (condition-case failure
        (jsonrpc-request (aiana--live-connection) method sent :timeout aiana-timeout)
      (jsonrpc-error
       (user-error "Aiana: %s" (or (alist-get 'jsonrpc-error-message (cddr failure))
                                   (error-message-string failure)))))))

(defun aiana-request-async (callback method &rest params)
  "Ask METHOD with PARAMS and go on.
CALLBACK gets the error's words or nil, and the result."
  (jsonrpc-async-request
   (aiana--live-connection) method (aiana--params params)
   :timeout nil
   :success-fn (lambda (result) (funcall callback nil result))
   :error-fn (lambda (failure) (funcall callback (plist-get failure :message) nil))))

(defun aiana--notify (method &rest params)
  "Tell the server METHOD with PARAMS, if it runs."
  (when (and aiana--connection (jsonrpc-running-p aiana--connection))
    (jsonrpc-notify aiana--connection method params)))

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

(provide 'aiana-client)
;;; aiana-client.el ends here
