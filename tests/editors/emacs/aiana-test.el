;;; aiana-test.el --- aiana.el in a real Emacs on the real server  -*- lexical-binding: t; -*-

(require 'ert)
(require 'cl-lib)
(require 'aiana)

(setq aiana-command (list (getenv "TEST_PYTHON") "-m" "aiana" "lsp"))

(defvar aiana-test--offered nil "What `completing-read' was given last.")

(defmacro aiana-test--choosing (index &rest body)
  "Evaluate BODY with a `completing-read' that takes choice INDEX."
  (declare (indent 1))
  `(cl-letf (((symbol-function 'completing-read)
              (lambda (_prompt table &rest _)
                (setq aiana-test--offered (all-completions "" table))
                (nth ,index aiana-test--offered))))
     ,@body))

(defun aiana-test--line ()
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun aiana-test--memories ()
  (mapcar (lambda (memory) (plist-get memory :content))
          (plist-get (aiana-request :aiana/memory/list) :memories)))

(ert-deftest aiana-test-search-opens-the-message ()
  (aiana-test--choosing 0 (aiana-search "\"npm update\"" t))
  (should (= (length aiana-test--offered) 1))
  (should (string-prefix-p "2026-02-03  Pin the Redis client below 5  why did `npm update`"
                           (car aiana-test--offered)))
  (should (equal (buffer-name) "*aiana:///session/18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108*"))
  (should (equal (aiana-test--line) "## User · 2026-02-03 10:40 · why did `npm update` break the cart? getCartById…"))
  (should buffer-read-only)
  (should-not (buffer-modified-p)))

(ert-deftest aiana-test-region-is-remembered ()
  (with-temp-buffer
    (insert "first\ngrüße = \"naïve\"\nlast\n")
    (transient-mark-mode 1)
    (set-visited-file-name (expand-file-name "code.py" (getenv "AIANA_HOME")) t)
    (goto-char 7)
    (push-mark (point) t t)
    (goto-char 12)
    (let ((added (call-interactively #'aiana-remember)))
      (should (equal (plist-get (plist-get (plist-get (plist-get added :memory) :metadata)
                                           :origin)
                                :lines)
                     [1 1])))
    (set-buffer-modified-p nil))
  (should (member "grüße" (aiana-test--memories))))

(ert-deftest aiana-test-context-goes-to-the-kill-ring ()
  (aiana-prefer "Uses uv, not pip")
  (aiana-copy-context "redis")
  (should (string-prefix-p "<aiana-context" (current-kill 0)))
  (should (string-match-p "Uses uv, not pip" (current-kill 0))))

(ert-deftest aiana-test-sessions ()
  (aiana-test--choosing 4 (aiana-sessions t))
  (should (= (length aiana-test--offered) 6))
  (should (equal (nth 4 aiana-test--offered)
                 "2026-01-19  Make the login test deterministic  (shop, 8 messages)"))
  (should (equal (aiana-test--line) "# Make the login test deterministic")))

(ert-deftest aiana-test-errors-are-the-servers-words ()
  (let ((failure (should-error (aiana-open "aiana:///session/nonesuch") :type 'user-error)))
    (should (string-match-p "nonesuch" (error-message-string failure)))))

(ert-deftest aiana-test-import-and-status ()
  (aiana-import)
  (should (equal (current-message) nil)) ; Batch mode prints messages.
  (should (plist-get (aiana-request :aiana/status) :message)))

(ert-deftest aiana-test-a-killed-server-is-started-anew ()
  (aiana-request :aiana/status)
  (let ((process (jsonrpc--process aiana--connection)))
    (signal-process process 'KILL)
    (while (process-live-p process) (accept-process-output process 0.05))
    (should (aiana-request :aiana/status))
    (should-not (eq process (jsonrpc--process aiana--connection)))))

;;;; Beside other clients, with a language's own server in the same buffer

(defmacro aiana-test--in-python (&rest body)
  "Evaluate BODY in a buffer that visits a Python file of a project."
  (declare (indent 0))
  `(let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
          (file (expand-file-name "code.py" folder)))
     (make-directory (expand-file-name ".git" folder))
     (write-region "import os\n\n\ndef pay(cart):\n    return cart.total\n\n\npay(os)\n" nil file)
     (with-current-buffer (find-file-noselect file)
       (python-mode)
       (unwind-protect (progn ,@body)
         (set-buffer-modified-p nil)
         (kill-buffer)))))

(defun aiana-test--wait (condition what)
  "Wait until the function CONDITION returns non-nil; fail for want of WHAT."
  (with-timeout (60 (ert-fail (format "waited in vain for %s" what)))
    (while (not (funcall condition)) (accept-process-output nil 0.05))))

(ert-deftest aiana-test-beside-eglot ()
  "Eglot's server of the language and Aiana's connection do not disturb each other."
  (skip-unless (executable-find "pylsp"))
  (require 'eglot)
  (let ((eglot-server-programs '((python-mode . ("pylsp"))))
        (eglot-sync-connect 60))
    (aiana-test--in-python
      (call-interactively #'eglot)
      (aiana-test--wait #'eglot-managed-p "Eglot")
      (aiana-prefer "Uses uv, not pip")
      (goto-char (point-max))
      (forward-line -1)
      (xref-find-definitions "pay")
      (should (equal (aiana-test--line) "def pay(cart):"))
      (should (string-match-p "Uses uv, not pip" (aiana-context "carts")))
      (eglot-shutdown (eglot-current-server))
      (should (aiana-request :aiana/status)))))

(ert-deftest aiana-test-lsp-mode-runs-it-as-an-add-on ()
  "Without aiana.el: lsp-mode runs Aiana beside the server of the language."
  (skip-unless (and (executable-find "pylsp") (require 'lsp-mode nil t)))
  (require 'lsp-pylsp)
  (let ((lsp-auto-guess-root t) (lsp-restart 'ignore) (lsp-enable-file-watchers nil)
        (lsp-enable-snippet nil) (lsp-warn-no-matched-clients nil)
        (lsp-session-file (make-temp-name (expand-file-name "lsp" temporary-file-directory))))
    (lsp-register-client
     (make-lsp-client :new-connection (lsp-stdio-connection aiana-command)
                      :activation-fn (lambda (&rest _) t)
                      :add-on? t
                      :initialization-options '(:codeActions t :notifications :json-false)
                      :server-id 'aiana))
    (aiana-test--in-python
      (lsp)
      (aiana-test--wait
       (lambda () (and (= (length (lsp-workspaces)) 2)
                       (cl-every (lambda (w) (eq (lsp--workspace-status w) 'initialized))
                                 (lsp-workspaces))))
       "both servers")
      (goto-char (point-min))
      (push-mark (point) t t)
      (goto-char (+ 9 (point-min)))
      (transient-mark-mode 1)
      (let* ((lsp-auto-execute-action nil)
             (actions (seq-filter (lambda (action) (equal (lsp:code-action-kind? action) "aiana"))
                                  (lsp-code-actions-at-point))))
        (should (equal (mapcar #'lsp:code-action-title actions)
                       '("Remember this selection" "Add context for this file")))
        (lsp-execute-code-action (car actions)))
      (aiana-test--wait (lambda () (member "import os" (aiana-test--memories))) "the memory"))))

(ert-deftest aiana-test-zz-shutdown ()
  (let ((process (jsonrpc--process (aiana--live-connection))))
    (aiana-shutdown)
    (should-not aiana--connection)
    (should-not (process-live-p process))
    (should (= (process-exit-status process) 0))))

;;; aiana-test.el ends here
