;;; aiana-test.el --- aiana.el in a real Emacs on the real server  -*- lexical-binding: t; -*-

(require 'ert)
(require 'cl-lib)
(require 'eglot)
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
  (should (equal (aiana-test--line) "## User (2026-02-03T10:40:30.137Z)"))
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
  (should (equal (aiana-test--memories) '("grüße"))))

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

(ert-deftest aiana-test-beside-eglot ()
  "Eglot's own server for a buffer and Aiana's connection do not disturb each other."
  (let* ((folder (make-temp-file "aiana-test" t))
         (file (expand-file-name "code.txt" folder))
         (eglot-server-programs `((text-mode . ,aiana-command)))
         (eglot-sync-connect 30))
    (write-region "text\n" nil file)
    (with-current-buffer (find-file-noselect file)
      (text-mode)
      (call-interactively #'eglot)
      (with-timeout (30 (ert-fail "Eglot does not manage the buffer"))
        (while (not (eglot-managed-p)) (accept-process-output nil 0.05)))
      (should (aiana-request :aiana/status))
      (should (plist-get (jsonrpc-request (eglot-current-server) :aiana/status nil) :health))
      (eglot-shutdown (eglot-current-server)))))

(ert-deftest aiana-test-zz-shutdown ()
  (let ((process (jsonrpc--process (aiana--live-connection))))
    (aiana-shutdown)
    (should-not aiana--connection)
    (should-not (process-live-p process))
    (should (= (process-exit-status process) 0))))

;;; aiana-test.el ends here
