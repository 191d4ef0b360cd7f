;;; hostile-test.el --- Hostile texts in a real Emacs  -*- lexical-binding: t; -*-

(require 'ert)
(require 'aiana)

(setq aiana-command (list (getenv "TEST_PYTHON") "-m" "aiana" "lsp"))
;; An Emacs that obeys whatever a file says.
(setq enable-local-variables :all
      enable-local-eval t)

(defvar aiana-hostile nil "Set by a stored text that is run.")

(defun hostile-test--uris ()
  "Where everything is that is stored."
  (mapcar (lambda (each) (plist-get each :uri))
          (append (plist-get (aiana-request :aiana/session/list :limit 200) :sessions)
                  (plist-get (aiana-request :aiana/memory/list :limit 200) :memories)
                  nil)))

(ert-deftest hostile-test-documents ()
  (let ((uris (hostile-test--uris)))
    (should (= (length uris) (* 2 (string-to-number (getenv "TEST_ATTACKS")))))
    (dolist (uri uris)
      (aiana-open uri)
      (should (derived-mode-p 'aiana-document-mode))
      (should buffer-read-only)
      (should (= tab-width 8))
      (kill-buffer))
    (should-not aiana-hostile)))

(ert-deftest hostile-test-pages-in-files ()
  "Who has no plugin opens them as files, of which Emacs obeys the first line and the last."
  (dolist (uri (hostile-test--uris))
    (let* ((place (plist-get (aiana-request :aiana/locate :uri uri :asFile t) :uri))
           (file (url-unhex-string (string-remove-prefix "file://" place))))
      (with-current-buffer (find-file-noselect (decode-coding-string file 'utf-8))
        (should-not (= tab-width 77))
        (should-not (derived-mode-p 'emacs-lisp-mode))
        (kill-buffer))))
  (should-not aiana-hostile))

(ert-deftest hostile-test-hits-stay-in-their-lines ()
  (let (offered)
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt table &rest _)
                 (car (setq offered (all-completions "" table))))))
      (aiana-search "kestrel" t))
    (should offered)
    (dolist (line offered)
      (should-not (string-match-p "[\n\r\e]" line)))
    (should-not aiana-hostile)))

;;; hostile-test.el ends here
