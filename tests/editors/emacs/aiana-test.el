;;; aiana-test.el --- aiana.el in a real Emacs on the real server  -*- lexical-binding: t; -*-

(require 'ert)
(require 'cl-lib)
(require 'aiana)

(setq aiana-command (list (getenv "TEST_PYTHON") "-m" "aiana" "lsp"))

(defvar aiana-test--offered nil "What `completing-read' was given last.")
(defvar aiana-test--table nil "The table that `completing-read' was given last.")

(defmacro aiana-test--choosing (index &rest body)
  "Evaluate BODY with a `completing-read' that takes choice INDEX."
  (declare (indent 1))
  `(cl-letf (((symbol-function 'completing-read)
              (lambda (_prompt table &rest _)
                (setq aiana-test--table table)
                (setq aiana-test--offered (all-completions "" table))
                (nth ,index aiana-test--offered))))
     ,@body))

(defun aiana-test--annotation (index)
  "What stands behind choice INDEX."
  (funcall (completion-metadata-get (completion-metadata "" aiana-test--table nil)
                                    'annotation-function)
           (nth index aiana-test--offered)))

(defun aiana-test--line ()
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun aiana-test--heading ()
  "Who spoke and when, of the heading at point."
  (string-join (seq-take (split-string (aiana-test--line) " · ") 2) " · "))

(defun aiana-test--memories ()
  (mapcar (lambda (memory) (plist-get memory :content))
          (plist-get (aiana-request :aiana/memory/list) :memories)))

(ert-deftest aiana-test-search-opens-the-message ()
  (aiana-test--choosing 0 (aiana-search "\"npm update\"" t))
  (should (= (length aiana-test--offered) 1))
  (should (string-prefix-p "Pin the Redis client below 5  why did `npm update`"
                           (car aiana-test--offered)))
  (should (equal (aiana-test--annotation 0) "  user · 2026-02-03 · claude-code · shop"))
  (should (equal (buffer-name) "*aiana:///session/18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108/claude-code*"))
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
  (should (equal (nth 4 aiana-test--offered) "Make the login test deterministic"))
  (should (equal (aiana-test--annotation 4) "  2026-01-19 · shop · 8 messages"))
  (should (equal (aiana-test--line) "# Make the login test deterministic")))

(ert-deftest aiana-test-errors-are-the-servers-words ()
  (let ((failure (should-error (aiana-open "aiana:///session/nonesuch") :type 'user-error)))
    (should (string-match-p "nonesuch" (error-message-string failure)))))

;;;; What is said

(defmacro aiana-test--said (&rest body)
  "Evaluate BODY; return what it and its answers say, up to `aiana-test--said-p'."
  (declare (indent 0))
  `(let ((said nil))
     (cl-letf (((symbol-function 'message)
                (lambda (format &rest arguments)
                  (when format (push (apply #'format format arguments) said)))))
       ,@body
       (reverse said))))

(ert-deftest aiana-test-import-goes-on-in-the-background ()
  (let ((said (aiana-test--said
                (aiana-import)
                (should aiana--importing)
                (aiana-test--wait (lambda () (not aiana--importing)) "the import"))))
    (should (equal (car said) "Aiana: Importing; M-x aiana-stop-import stops it."))
    (should (string-prefix-p "Aiana: " (car (last said)))))
  (should-error (aiana-stop-import) :type 'user-error))

(ert-deftest aiana-test-import-is-stopped ()
  (aiana-request :aiana/status)
  (let ((sent nil))
    ;; Nothing that the server answers is read between these two.
    (cl-letf* ((notify (symbol-function 'jsonrpc-notify))
               ((symbol-function 'jsonrpc-notify)
                (lambda (connection method params)
                  (push (list method (plist-get params :token)) sent)
                  (funcall notify connection method params))))
      (aiana-import)
      (let ((token aiana--importing))
        (aiana-stop-import)
        (should (equal sent `((:window/workDoneProgress/cancel ,token))))))
    (aiana-test--wait (lambda () (not aiana--importing)) "the end")))

(ert-deftest aiana-test-import-of-nothing-names-it ()
  (let ((failure (should-error (aiana-import "~/nope") :type 'user-error)))
    (should (equal (cadr failure) "Aiana: There is no file or folder ~/nope"))))

(ert-deftest aiana-test-progress-is-short ()
  (should (equal (aiana-test--said
                   (aiana--show-progress '(:kind "begin" :title "Aiana" :percentage 0))
                   (aiana--show-progress '(:kind "report" :percentage 12 :message "a.jsonl")))
                 '("Aiana: 12% a.jsonl"))))

(ert-deftest aiana-test-nothing-found-is-said-with-the-notes ()
  (let ((said (aiana-test--said (aiana-search "source:nonesuch redis" t))))
    (should (= (length said) 1))
    (should (string-prefix-p "Aiana: Nothing was found.  " (car said)))
    (should (string-match-p "nonesuch" (car said)))))

(ert-deftest aiana-test-what-is-no-utf-8-is-not-sent ()
  (dolist (bad (list "a\n\xff" (string ?a ?\n #x3fff80) (string ?a ?\n #xd800)))
    (let ((failure (should-error (aiana-remember bad) :type 'user-error)))
      (should (string-prefix-p "Aiana: Line 2 of the text holds bytes that are not UTF-8."
                               (cadr failure)))))
  (aiana--check-text '(:content "grüße 🙂\n" :tags ["naïve"])))

(ert-deftest aiana-test-rows-differ-where-titles-are-long-and-wide ()
  (let* ((title (apply #'concat (make-list 9 "改善登录测试的稳定性")))
         (row (lambda (snippet)
                (plist-get (aiana--hit-row (list :kind "message" :sessionTitle title
                                                 :snippet snippet :source "codex"))
                           :label)))
         (wide (funcall row (apply #'concat (make-list 99 "宽")))))
    (should (equal (funcall row "first") "改善登录测试的稳定性改善登…  first"))
    (should (<= (string-width wide) 150))
    (should-not (equal (funcall row "first") (funcall row "second")))))

(ert-deftest aiana-test-rows-tell-what-was-thought-from-what-was-said ()
  (delete-directory
   (aiana-test--import
    (list (concat "{\"sessionId\": \"pondered\", \"cwd\": \"/nowhere/pond\", "
                  "\"timestamp\": \"2026-01-12T09:14:00.000Z\", \"type\": \"assistant\", "
                  "\"uuid\": \"p\", \"message\": {\"role\": \"assistant\", \"content\": "
                  "[{\"type\": \"thinking\", \"thinking\": \"ducks float\"}, "
                  "{\"type\": \"text\", \"text\": \"ducks swim\"}]}}")))
   t)
  (dolist (case '(("float" . "thinking") ("swim" . "assistant")))
    (aiana-test--choosing 0 (aiana-search (concat "ducks +" (car case)) t))
    (should (equal (aiana-test--annotation 0)
                   (format "  %s · 2026-01-12 · claude-code · pond" (cdr case)))))
  (aiana-request :aiana/session/delete :id "pondered" :source "claude-code"))

(ert-deftest aiana-test-lists-go-on ()
  (let ((aiana-limit 4) (choices '(4 5)))
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt table &rest _)
                 (setq aiana-test--offered (all-completions "" table))
                 (nth (pop choices) aiana-test--offered))))
      (aiana-sessions t))
    (should (= (length aiana-test--offered) 6))
    (should (derived-mode-p 'aiana-document-mode))))

(ert-deftest aiana-test-clones-are-one-project ()
  (let* ((root (file-name-as-directory (make-temp-file "aiana-test" t)))
         (clone (lambda (name remote)
                  (let ((folder (file-name-as-directory (concat root name))))
                    (make-directory folder)
                    (let ((default-directory folder))
                      (call-process "git" nil nil nil "init" "-q")
                      (call-process "git" nil nil nil "remote" "add" "origin" remote))
                    folder)))
         (default-directory (funcall clone "first" "git@github.com:ada/zoo.git")))
    (aiana-remember "The walrus slept")
    (let ((default-directory (funcall clone "second" "https://github.com/ada/zoo")))
      (aiana-list "walrus")
      (should (= (length (aiana--list-targets)) 1)))
    (let ((default-directory (funcall clone "other" "https://github.com/ada/other")))
      (aiana-list "walrus")
      (should-not (aiana--list-targets)))))

;;;; Documents

(defconst aiana-test--cart "aiana:///session/18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108")

(ert-deftest aiana-test-a-document-is-gone-through ()
  (aiana-open aiana-test--cart)
  (goto-char (point-min))
  (let ((seen nil))
    (dotimes (_ 2)
      (call-interactively #'aiana-next-message)
      (push (aiana-test--heading) seen))
    (call-interactively #'aiana-previous-message)
    (should (equal (nreverse seen) '("## User · 2026-02-03 10:40"
                                     "## Assistant · 2026-02-03 10:42")))
    (should (equal (aiana-test--heading) "## User · 2026-02-03 10:40")))
  (should (eq (key-binding "q") #'quit-window))
  (should (eq (key-binding "g") #'revert-buffer))
  (let ((buffers (length (buffer-list))) (size (buffer-size)))
    (revert-buffer)
    (aiana-open (concat aiana-test--cart "/Its%20name.md"))
    (should (= (length (buffer-list)) buffers))
    (should (= (buffer-size) size))))

(defun aiana-test--import (records)
  "Import a session with RECORDS, lines of a transcript; return its folder."
  (let ((folder (file-name-as-directory (make-temp-file "aiana-test" t))))
    (write-region (mapconcat (lambda (record) (concat record "\n")) records "")
                  nil (concat folder "folded.jsonl"))
    (aiana-request :aiana/capture/import :paths (vector folder))
    folder))

(ert-deftest aiana-test-tools-are-folded-and-only-our-links-are-followed ()
  (let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
         (common (format "\"sessionId\": \"folded\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:14:00.000Z\"" folder)))
    (write-region "one\ntwo\n" nil (concat folder "a.ts"))
    (aiana-test--import
     (list
      (format "{%s, \"type\": \"user\", \"uuid\": \"u\", \"message\": {\"role\": \"user\", \"content\": \"see file:///etc/passwd\"}}" common)
      (format "{%s, \"type\": \"assistant\", \"uuid\": \"a\", \"message\": {\"role\": \"assistant\", \"content\": [{\"type\": \"tool_use\", \"id\": \"t\", \"name\": \"Read\", \"input\": {\"file_path\": \"a.ts\"}}]}}" common)))
    (aiana-open "aiana:///session/folded")
    (search-forward "file:///etc")
    (should (equal (aiana-test--said (aiana-follow))
                   '("Aiana: There is no link of Aiana here.")))
    (search-forward "called for")
    (should (aiana--folds-here))
    (aiana-toggle-fold)
    (should-not (aiana--folds-here))
    (aiana-toggle-fold)
    (should (aiana--folds-here))
    (aiana-follow)
    (should (equal buffer-file-name (file-truename (concat folder "a.ts"))))))

(ert-deftest aiana-test-what-changes-is-seen ()
  (let* ((memory (plist-get (aiana-request :aiana/memory/add :content "First" :project "")
                            :memory))
         (id (plist-get memory :id)) (told nil)
         (aiana-changed-functions (cons (lambda (changes) (setq told (plist-get changes :kinds)))
                                        aiana-changed-functions)))
    (aiana-open (concat "aiana:///memory/" id))
    (let ((buffer (current-buffer)))
      (aiana-request :aiana/memory/update :id id :content "Second")
      (aiana-test--wait (lambda () (with-current-buffer buffer
                                     (string-match-p "Second" (buffer-string))))
                        "the change")
      (should (member "memories" (append told nil)))
      (aiana-request :aiana/memory/delete :ids (vector id))
      (aiana-test--wait (lambda () (with-current-buffer buffer
                                     (not (string-match-p "Second" (buffer-string)))))
                        "the end"))))

;;;; Actions

(defun aiana-test--remember-some (texts)
  "Remember TEXTS and list them."
  (dolist (text texts) (aiana-request :aiana/memory/add :content text :project ""))
  (aiana-list "wombat" t)
  (should (derived-mode-p 'aiana-list-mode)))

(ert-deftest aiana-test-memories-are-judged-pinned-forgotten-and-brought-back ()
  (aiana-test--remember-some '("wombat one" "wombat two" "wombat three"))
  (let* ((id (plist-get (car (aiana--targets)) :memory))
         (get (lambda () (plist-get (aiana-request :aiana/memory/get :id id) :memory)))
         (said (aiana-test--said
                 (aiana-act-helpful) (aiana-act-unhelpful) (aiana-act-harmful) (aiana-act-pin)
                 (cl-letf (((symbol-function 'y-or-n-p)
                            (lambda (question)
                              (string-match-p "\\`Forget “wombat [a-z]+”\\? \\'" question))))
                   (aiana-act-forget))
                 (aiana-undo))))
    (should (equal said '("Aiana: Noted as helpful: 1 memory."
                          "Aiana: Noted as unhelpful: 1 memory."
                          "Aiana: Noted as harmful: 1 memory."
                          "Aiana: Pinned."
                          "Aiana: Forgotten: 1 memory.  M-x aiana-undo brings back."
                          "Aiana: Brought back: 1 memory.")))
    (should (equal (plist-get (funcall get) :tags) ["pinned"]))
    (should (= (plist-get (funcall get) :harmful) 1)))
  (goto-char (point-min))
  (aiana-mark)
  (aiana-mark)
  (let ((asked nil) (before (length (aiana-test--memories))))
    (cl-letf (((symbol-function 'y-or-n-p) (lambda (question) (setq asked question) nil)))
      (aiana-act-forget))
    (should (equal asked "Forget 2 memories? "))
    (should (= (length (aiana-test--memories)) before))
    (cl-letf (((symbol-function 'y-or-n-p) #'always))
      (aiana-act-forget))
    (should (= (length (aiana-test--memories)) (- before 2)))
    (aiana-undo)
    (should (= (length (aiana-test--memories)) before))))

(ert-deftest aiana-test-texts-are-copied-inserted-and-remembered ()
  (let ((file (make-temp-file "aiana-test")))
    (delete-other-windows)
    (find-file file)
    (let ((window (selected-window)))
      (split-window)
      (other-window 1)
      (aiana-open (concat aiana-test--cart "#ea789c26-9d64-5fb0-bdc2-1488ae7b9dc9"))
      (aiana-act-copy)
      (should (string-prefix-p "Pinned `redis` to `~4.7`" (current-kill 0)))
      (aiana-act-remember)
      (should (member (current-kill 0) (aiana-test--memories)))
      (set-window-buffer window (find-buffer-visiting file))
      (aiana-act-insert)
      (should (string-prefix-p "Pinned `redis`" (buffer-string)))
      (should (equal buffer-file-name (file-truename file)))
      (set-buffer-modified-p nil))))

(ert-deftest aiana-test-x-rows-are-previewed ()
  (aiana-list-sessions t)
  (let* ((list (current-buffer))
         (shown (lambda ()
                  (delete-dups (delq nil (mapcar (lambda (window)
                                                   (with-current-buffer (window-buffer window)
                                                     (plist-get aiana--page :uri)))
                                                 (window-list))))))
         (here (lambda () (plist-get (car (aiana--targets)) :uri)))
         (first (funcall here)))
    (aiana-preview-mode)
    (should (equal (funcall shown) (list first)))
    (aiana-next-row 1)
    (run-hooks 'post-command-hook)
    (should-not (equal (funcall here) first))
    (should (equal (funcall shown) (list (funcall here))))
    (should (eq (current-buffer) list))
    (aiana-preview-mode -1)
    (aiana-next-row 1)
    (run-hooks 'post-command-hook)
    (should-not (member (funcall here) (funcall shown)))))

(ert-deftest aiana-test-y-sessions-are-deleted ()
  (aiana-list-sessions t)
  (let ((sessions (lambda () (plist-get (plist-get (aiana-request :aiana/status) :counts)
                                        :sessions)))
        (asked nil))
    (let ((before (funcall sessions)))
      (cl-letf (((symbol-function 'yes-or-no-p) (lambda (question) (setq asked question) nil)))
        (aiana-act-delete-session))
      (should (string-match-p "\\`Delete 1 session with [0-9]+ messages" asked))
      (should (= (funcall sessions) before))
      (cl-letf (((symbol-function 'yes-or-no-p) #'always))
        (aiana-act-delete-session))
      (should (= (funcall sessions) (1- before))))))

(ert-deftest aiana-test-what-backups-still-hold-is-said ()
  (should (equal (aiana--still '((:receipt nil) (:receipt (:pending ("index" "log"))))) ""))
  (should (equal (aiana--still '((:receipt nil) (:receipt (:pending ("backups" "log")))))
                 "  The backups still hold it, and are being cleaned.")))

;;;; The way back

(defmacro aiana-test--in-a-session (&rest body)
  "Evaluate BODY where a session is open whose assistant is on the PATH.
`id' is its own, `shop' its folder, `kept' its transcript."
  (declare (indent 0))
  `(let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
          (shop (concat folder "shop"))
          ;; What was deleted once does not come back: nothing here is said twice.
          (id (format "back-%d" (random most-positive-fixnum)))
          (kept (concat folder "kept.jsonl")))
     (make-directory shop)
     (write-region
      (concat (format "{\"sessionId\": \"%s\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:14:00.000Z\", \"type\": \"user\", \"uuid\": \"%s-1\", \"message\": {\"role\": \"user\", \"content\": \"Deploy %s with %s\"}}\n"
                      id shop id id (concat "ghp_" "Q7rT2vXk9LmB4nZ1cY8dW3sE6fA5gH0jKpUo"))
              (format "{\"sessionId\": \"%s\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:15:00.000Z\", \"type\": \"assistant\", \"uuid\": \"%s-2\", \"message\": {\"role\": \"assistant\", \"content\": [{\"type\": \"text\", \"text\": \"It is deployed: %s\"}]}}\n"
                      id shop id id))
      nil kept)
     (aiana-request :aiana/capture/import :paths (vector kept))
     (aiana-open (format "aiana:///session/%s/claude-code" id))
     (unwind-protect (progn ,@body)
       (aiana-request :aiana/session/delete :id id :source "claude-code")
       (delete-directory folder t))))

(defun aiana-test--terminal ()
  "What the program in the current terminal buffer says."
  (should (derived-mode-p 'term-mode))
  (aiana-test--wait (lambda () (string-match-p "\\]" (buffer-string))) "the program")
  (let ((said (replace-regexp-in-string "\n" "" (buffer-substring-no-properties
                                                 (point-min) (point-max))))
        (process (get-buffer-process (current-buffer))))
    (set-process-query-on-exit-flag process nil)
    (set-process-sentinel process #'ignore)
    (kill-buffer)
    (string-trim said)))

(ert-deftest aiana-test-resume-runs-the-assistant ()
  (aiana-test--in-a-session
    (aiana-act-resume)
    (should (equal (aiana-test--terminal)
                   (format "started in %s with [--resume %s]" shop id)))
    (with-temp-buffer
      (aiana-list-sessions t)
      (goto-char (point-min))
      (search-forward id)
      (should (equal (plist-get (car (aiana--targets)) :session) id))
      (aiana-resume)
      (should (string-suffix-p (format "with [--resume %s]" id) (aiana-test--terminal))))))

(ert-deftest aiana-test-resume-refused-offers-a-new-session ()
  (aiana-test--in-a-session
    (delete-file kept)
    (let ((asked nil))
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (prompt choices &rest _) (setq asked prompt) (car choices))))
        (aiana-resume))
      (should (equal asked (format "Claude Code has not kept it: %s is gone. " kept)))
      (should (equal (aiana-test--terminal) (format "started in %s with []" shop)))
      (should (string-match-p "> It is deployed: back" (current-kill 0))))
    (aiana-open (format "aiana:///session/%s/claude-code" id))
    (delete-directory shop)
    (let ((offered nil))
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_ choices &rest _) (setq offered choices) (car choices))))
        (aiana-resume))
      (should (equal offered '("Only put an account of it on the kill ring"))))))

(ert-deftest aiana-test-hand-over ()
  (aiana-test--in-a-session
    (let ((file (concat folder "account.md"))
          (document (current-buffer)))
      (aiana-act-hand-over 'kill-ring)
      (aiana-act-hand-over 'buffer)
      (should (string-match-p "> It is deployed: back" (buffer-string)))
      (set-buffer document)
      (cl-letf (((symbol-function 'read-file-name) (lambda (&rest _) file)))
        (aiana-act-hand-over 'file))
      (should (= (file-modes file) #o600))
      (dolist (account (list (current-kill 0)
                             (with-temp-buffer (insert-file-contents file) (buffer-string))))
        (should (string-prefix-p "<aiana-context" account))
        (should (string-match-p "> It is deployed: back" account))))))

(ert-deftest aiana-test-share-is-looked-at-before-it-is-written ()
  (aiana-test--in-a-session
    (let ((file (concat folder "for you.md")) (asked nil) (shown nil))
      (cl-letf (((symbol-function 'yes-or-no-p)
                 (lambda (question)
                   (setq shown (with-current-buffer "*aiana share*" (buffer-string)))
                   (prog1 (and asked t) (setq asked question)))))
        (aiana-act-share file)
        (should-not (file-exists-p file))
        (aiana-act-share file))
      (should (equal asked (concat "Write 2 messages, 1 secret taken out (github-token 1) to "
                                   file "? ")))
      (should (= (file-modes file) #o600))
      (should (equal shown (with-temp-buffer (insert-file-contents file) (buffer-string))))
      (should-not (string-match-p "ghp_" shown)))))

(ert-deftest aiana-test-what-a-session-changed ()
  (aiana-test--in-a-session
    (aiana-test--said (aiana-act-changes))
    (should-not (eq major-mode 'aiana-changes-mode)))
  (let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
         (call (lambda (number name input)
                 (json-encode
                  `((sessionId . "changing") (cwd . ,folder) (type . "assistant")
                    (timestamp . "2026-01-12T09:14:00.000Z") (uuid . ,(format "c%d" number))
                    (message . ((role . "assistant")
                                (content . [((type . "tool_use") (id . ,(format "t%d" number))
                                             (name . ,name) (input . ,input))]))))))))
    (aiana-test--import
     (list (funcall call 1 "Edit" `((file_path . ,(concat folder "a.py"))
                                    (old_string . "1") (new_string . "2")))
           (funcall call 2 "Edit" `((file_path . ,(concat folder "a.py"))
                                    (old_string . "2") (new_string . "3")))
           (funcall call 3 "Write" `((file_path . ,(concat folder "x.png"))
                                     (content . "iVBORw0KGgo=")))))
    (aiana-open "aiana:///session/changing/claude-code")
    (aiana-changes)
    (should (eq major-mode 'aiana-changes-mode))
    (should (equal (buffer-substring-no-properties (point-min) (point-max))
                   (format "--- %1$sa.py\n+++ %1$sa.py\n@@\n-1\n+3\nBinary files %1$sx.png and %1$sx.png differ\n"
                           folder)))
    (let ((diff (current-buffer)))
      (search-forward "Binary")
      (aiana-changes-turn)
      (should (equal (plist-get (aiana--section) :messageId) "c3"))
      (set-buffer diff)
      (goto-char (point-min))
      (cl-letf (((symbol-function 'completing-read) (lambda (&rest _) "2 of 2")))
        (aiana-changes-turn))
      (should (equal (plist-get (aiana--section) :messageId) "c2")))))

(ert-deftest aiana-test-history-of-a-file ()
  (let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
         (file (concat folder "cart.py")))
    (aiana-test--import
     (list (format "{\"sessionId\": \"touched\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:14:00.000Z\", \"type\": \"assistant\", \"uuid\": \"h1\", \"message\": {\"role\": \"assistant\", \"content\": [{\"type\": \"tool_use\", \"id\": \"h\", \"name\": \"Edit\", \"input\": {\"file_path\": \"%s\", \"old_string\": \"1\", \"new_string\": \"2\"}}]}}"
                   folder file)))
    (aiana-file-history file)
    (should (string-prefix-p (format "  2026-01-12  edited   Edit: %s  claude-code" file)
                             (aiana-test--line)))
    (aiana-act-open)
    (should (equal (buffer-name) "*aiana:///session/touched/claude-code*"))
    (should (string-match-p "Edit" (aiana-test--line)))
    (aiana-request :aiana/session/delete :id "touched" :source "claude-code")
    (aiana-file-history (concat folder "other.py"))
    (should-not (aiana--list-targets))))

(ert-deftest aiana-test-why-a-line-is-so ()
  (let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
         (file (concat folder "cart.py")))
    (with-temp-file file (insert "import os\ntotal = sum_of(cart)\n"))
    (aiana-test--import
     (list (format "{\"sessionId\": \"wrote\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:14:00.000Z\", \"type\": \"assistant\", \"uuid\": \"w1\", \"message\": {\"role\": \"assistant\", \"content\": [{\"type\": \"tool_use\", \"id\": \"w\", \"name\": \"Write\", \"input\": {\"file_path\": \"%s\", \"content\": \"total = sum_of(cart)\"}}]}}"
                   folder file)))
    (find-file file)
    (aiana-why 2 2)
    (should (string-prefix-p (format "  2026-01-12  edited here  Write: %s total = sum_of(cart)  claude-code" file)
                             (aiana-test--line)))
    (find-file file)
    (aiana-why 1 1)
    (should-not (aiana--list-targets))
    (aiana-request :aiana/session/delete :id "wrote" :source "claude-code")))

(ert-deftest aiana-test-what-fixed-an-error ()
  (let* ((folder (file-name-as-directory (make-temp-file "aiana-test" t)))
         (record
          (lambda (role uuid block)
            (format "{\"sessionId\": \"mended\", \"cwd\": \"%s\", \"timestamp\": \"2026-01-12T09:14:0%d.000Z\", \"type\": \"%s\", \"uuid\": \"f%d\", \"message\": {\"role\": \"%s\", \"content\": [%s]}}"
                    folder uuid role uuid role block)))
         (call (lambda (uuid name input)
                 (funcall record "assistant" uuid
                          (format "{\"type\": \"tool_use\", \"id\": \"c%d\", \"name\": \"%s\", \"input\": {%s}}"
                                  uuid name input))))
         (answer (lambda (uuid text)
                   (funcall record "user" uuid
                            (format "{\"type\": \"tool_result\", \"tool_use_id\": \"c%d\", \"content\": \"%s\"}"
                                    (1- uuid) text))))
         (failure "a.py:3: error: Name 'total' is not defined [name-defined]")
         (row (concat "  2026-01-12  succeeded  a.py  " failure "  claude-code"))
         (shown (lambda ()
                  (goto-char (point-min))
                  (prog1 (aiana-test--line) (kill-buffer)))))
    (aiana-test--import
     (list (funcall call 0 "Bash" "\"command\": \"mypy .\"") (funcall answer 1 failure)
           (funcall call 2 "Write" "\"file_path\": \"a.py\", \"content\": \"x\"")
           (funcall answer 3 "ok")
           (funcall call 4 "Bash" "\"command\": \"mypy .\"") (funcall answer 5 "Success")))
    (aiana-fixes "b.py:9: error: Name 'x' is not defined  [name-defined]")
    (aiana-act-open)
    (should (equal (buffer-name) "*aiana:///session/mended/claude-code*"))
    (should (string-match-p "is not defined" (buffer-substring (point) (point-max))))
    (with-temp-buffer
      (insert (format "gcc\n%s\n" failure))
      (forward-line -1)
      (compilation-mode)
      (call-interactively #'aiana-fixes)
      (should (equal (funcall shown) row)))
    (require 'flymake)
    (dolist (data '(nil ((eglot-lsp-diag . (:message "Name 'x' is not defined"
                                            :code "name-defined")))))
      (with-temp-buffer
        (insert "x = y\n")
        (setq-local flymake-diagnostic-functions
                    (list (lambda (report &rest _)
                            (funcall report
                                     (list (flymake-make-diagnostic
                                            (current-buffer) 1 2 :error
                                            (concat (when data "mypy [name-defined]: ")
                                                    "Name 'x' is not defined")
                                            data))))))
        (flymake-mode)
        (flymake-start)
        (goto-char (point-min))
        (aiana-test--wait (lambda () (flymake-diagnostics (point))) "the diagnostic")
        (call-interactively #'aiana-fixes)
        (should (equal (funcall shown) row))))
    (aiana-fixes "error: nobody ever saw this one")
    (should-not (aiana--list-targets))
    (should (string-match-p "No session is surely known" header-line-format))
    (aiana-request :aiana/session/delete :id "mended" :source "claude-code")))

(ert-deftest aiana-test-memories-are-listed-edited-and-forgotten ()
  (let* ((default-directory (file-name-as-directory (make-temp-file "aiana-test" t))))
    (dolist (text '("numbat one" "numbat two")) (aiana-remember text))
    (aiana-memories)
    (should (equal (aiana-test--line)
                   (format "  numbat two  insight · %s · %s" (format-time-string "%F" nil t)
                           (aiana--project-name default-directory))))
    (forward-line)
    (aiana-act-pin)
    (revert-buffer)
    (goto-char (point-min))
    (should (string-prefix-p "  * numbat one" (aiana-test--line)))
    (let ((list (current-buffer)))
      (aiana-act-edit)
      (should (equal (buffer-string) "numbat one"))
      (goto-char (point-max))
      (insert "\nand more")
      (aiana-edit-finish)
      (should (member "numbat one\nand more" (aiana-test--memories)))
      (set-buffer list))
    (revert-buffer)
    (goto-char (point-min))
    (let ((asked nil))
      (cl-letf (((symbol-function 'y-or-n-p) (lambda (question) (setq asked question) t)))
        (aiana-act-forget))
      (should (equal asked "Forget “numbat one and more”? ")))
    (should-not (member "numbat one\nand more" (aiana-test--memories)))
    (should (member "numbat two" (aiana-test--memories)))))

(ert-deftest aiana-test-sub-agents-stand-below-their-session ()
  (let* ((session (lambda (id day project &optional parent)
                    (list :id id :source "codex" :title id :endedAt day :project project
                          :parentId parent :messageCount 1)))
         (rows (aiana--session-rows
                (list (funcall session "child" "2026-01-03" "b" "parent")
                      (funcall session "other" "2026-01-02" "b")
                      (funcall session "parent" "2026-01-02" "a")
                      (funcall session "grand" "2026-01-02" "b" "child")
                      (funcall session "new" "2026-01-04" "b")
                      (funcall session "odd" "2026-01-01" "b" "odd")))))
    (should (equal (mapcar (lambda (row) (cons (plist-get row :heading) (plist-get row :label)))
                           rows)
                   '(("2026-01-04 · b" . "new")
                     ("2026-01-02 · a" . "parent") ("2026-01-02 · a" . "└ child")
                     ("2026-01-02 · a" . "  └ grand")
                     ("2026-01-02 · b" . "other")
                     ("2026-01-01 · b" . "odd"))))))

(ert-deftest aiana-test-preferences-are-looked-through-and-removed ()
  (aiana-prefer "Uses tabs for Go")
  (let ((kept (lambda () (mapcar (lambda (one) (plist-get one :text))
                                 (plist-get (aiana-request :aiana/preference/list) :static)))))
    (should (member "Uses tabs for Go" (funcall kept)))
    (let ((place (seq-position (funcall kept) "Uses tabs for Go")))
      (cl-letf (((symbol-function 'yes-or-no-p) #'always))
        (aiana-test--choosing place (aiana-preferences))))
    (should-not (member "Uses tabs for Go" (funcall kept)))))

(ert-deftest aiana-test-the-map-is-a-prefix ()
  (should (keymapp (symbol-function 'aiana-map)))
  (should (eq (lookup-key aiana-map "s") #'aiana-search)))

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
  ;; Its servers end when the buffer is gone, at any time after this test.
  (setq lsp-restart 'ignore)
  (let ((lsp-auto-guess-root t) (lsp-enable-file-watchers nil)
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
