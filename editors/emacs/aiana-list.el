;;; aiana-list.el --- Hits and sessions of Aiana, to choose from  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A list is a plist: `:prompt', and `:fetch', a function of a cursor or nil
;; that returns a page: `:rows', `:cursor' of the next page, `:notes' on what
;; the answer is.  A row is a plist: `:label', `:annotation', `:target', and a
;; `:heading' if it has one.

;;; Code:

(require 'aiana-actions)
(require 'aiana-client)
(require 'aiana-document)
(require 'cl-lib)
(require 'seq)

(defcustom aiana-limit 50
  "How many rows a page of a list has."
  :type 'natnum
  :group 'aiana)

(defconst aiana--title-cells 28
  "Titles repeat from row to row: what tells rows apart needs the room.")

(defconst aiana--more "… more")

(defun aiana--one-line (text)
  "TEXT without line breaks, control characters and runs of blanks."
  (string-trim (replace-regexp-in-string "[[:space:][:cntrl:]]+" " " (or text ""))))

(defun aiana--fit (text cells)
  "TEXT on one line, cut to CELLS columns of the screen."
  (truncate-string-to-width (aiana--one-line text) cells nil nil "…"))

(defun aiana--date (time)
  "Day of TIME, a timestamp or nil."
  (if time (substring time 0 (min 10 (length time))) ""))

(defun aiana--project-name (project)
  "Last part of PROJECT, an identity or path or nil."
  (file-name-nondirectory (directory-file-name (or project ""))))

(defun aiana--hit-row (hit)
  "HIT as a row."
  (let ((title (or (plist-get hit :sessionTitle) (plist-get hit :memoryType)
                   (plist-get hit :source)))
        (memory (equal (plist-get hit :kind) "memory")))
    (list :label (concat (aiana--fit title aiana--title-cells) "  "
                         (aiana--fit (plist-get hit :snippet) 120))
          :annotation (mapconcat #'identity
                                 (seq-remove #'string-empty-p
                                             (list (or (plist-get hit :speaker) "")
                                                   (aiana--date (plist-get hit :timestamp))
                                                   (or (plist-get hit :source) "")
                                                   (aiana--project-name (plist-get hit :project))))
                                 " · ")
          :target (append (list :kind (plist-get hit :kind) :uri (plist-get hit :uri)
                                :title (aiana--one-line
                                        (if memory (or (plist-get hit :content)
                                                       (plist-get hit :snippet))
                                          title))
                                :session (plist-get hit :sessionId))
                          (if memory (list :memory (plist-get hit :id))
                            (list :source (plist-get hit :source)
                                  :message (or (plist-get hit :messageId)
                                               (plist-get hit :id))))))))

(defun aiana--session-day (session)
  "The day on which SESSION was last worked in."
  (aiana--date (or (plist-get session :endedAt) (plist-get session :startedAt))))

(defun aiana--session-place (session)
  "Name of the project of SESSION, or of its assistant."
  (let ((project (aiana--project-name (plist-get session :project))))
    (if (string-empty-p project) (plist-get session :source) project)))

(defun aiana--memory-row (memory)
  "MEMORY as a row."
  (let ((text (plist-get memory :content)))
    (list :label (concat (if (seq-contains-p (plist-get memory :tags) "pinned") "* " "")
                         (aiana--fit text 100))
          :annotation (string-join
                       (seq-remove #'string-empty-p
                                   (list (plist-get memory :memoryType)
                                         (aiana--date (plist-get memory :updatedAt))
                                         (aiana--project-name (plist-get memory :project))))
                       " · ")
          :target (append (list :kind "memory" :uri (plist-get memory :uri)
                                :memory (plist-get memory :id) :title (aiana--one-line text))
                          (when (plist-get memory :sessionId)
                            (list :session (plist-get memory :sessionId)))))))

(defun aiana--session-rows (sessions)
  "SESSIONS as rows, by day and project, each followed by those of its sub-agents."
  (let* ((key (lambda (session id) (cons (plist-get session :source) (plist-get session id))))
         (known (mapcar (lambda (session) (funcall key session :id)) sessions))
         (children (make-hash-table :test #'equal))
         (top nil) (rows nil))
    (dolist (session sessions)
      (let ((parent (funcall key session :parentId)))
        (if (and (cdr parent) (member parent known)
                 (not (equal parent (funcall key session :id))))
            (puthash parent (cons session (gethash parent children)) children)
          (push session top))))
    (setq top (seq-sort-by (lambda (session) (plist-get session :project)) #'string<
                           (nreverse top)))
    (setq top (seq-sort-by #'aiana--session-day #'string> top))
    (cl-labels ((add (session depth heading)
                  (let* ((row (aiana--session-row session))
                         (own (funcall key session :id))
                         (below (reverse (gethash own children))))
                    (remhash own children)
                    (setq heading (or heading (plist-get row :heading)))
                    (plist-put row :heading heading)
                    (when (> depth 0)
                      (plist-put row :label (concat (make-string (* 2 (1- (min depth 4))) ?\s)
                                                    "└ " (plist-get row :label))))
                    (push row rows)
                    (dolist (child below) (add child (1+ depth) heading)))))
      (dolist (session top) (add session 0 nil)))
    (nreverse rows)))

(defun aiana--session-row (session)
  "SESSION as a row."
  (let ((title (or (plist-get session :title) (plist-get session :id))))
    (list :label (aiana--fit title 80)
          :annotation (format "%s · %s · %d messages" (aiana--session-day session)
                              (aiana--session-place session)
                              (plist-get session :messageCount))
          :heading (format "%s · %s" (aiana--session-day session)
                           (aiana--session-place session))
          :target (list :kind "session" :uri (plist-get session :uri)
                        :session (plist-get session :id) :source (plist-get session :source)
                        :title (aiana--one-line title)))))

(defun aiana--hits (query all)
  "List of the hits of QUERY in this project, or in ALL."
  (let ((where (if all '(:scope "all")
                 `(:scope "project" :filter (:project ,(aiana--folder))))))
    (list :prompt (format "Aiana: %s" query)
          :fetch (lambda (cursor)
                   (let* ((result (apply #'aiana-request :aiana/search :query query
                                         :limit aiana-limit
                                         (append where (when cursor (list :cursor cursor)))))
                          (hits (plist-get result :hits)))
                     (list :rows (mapcar #'aiana--hit-row hits)
                           :cursor (plist-get result :nextCursor)
                           :notes (append (plist-get result :notes)
                                          (when (seq-empty-p hits)
                                            (mapcar (lambda (one) (plist-get one :reason))
                                                    (plist-get result :degraded))))))))))

(defun aiana--session-list (all)
  "List of the sessions of this project, or of ALL."
  (let ((where (unless all `(:filter (:project ,(aiana--folder))))))
    (list :prompt "Session"
          :fetch (lambda (cursor)
                   (let ((result (apply #'aiana-request :aiana/session/list
                                        :agents t :limit aiana-limit
                                        (append where (when cursor (list :cursor cursor))))))
                     (list :rows (aiana--session-rows (append (plist-get result :sessions) nil))
                           :cursor (plist-get result :nextCursor)))))))

(defun aiana--memory-list (all)
  "List of the memories of this project, or of ALL; pinned ones first."
  (let ((where (unless all `(:filter (:project ,(aiana--folder))))))
    (list :prompt "Memory"
          :fetch (lambda (cursor)
                   (let ((result (apply #'aiana-request :aiana/memory/list :limit aiana-limit
                                        (append where (when cursor (list :cursor cursor))))))
                     (list :rows (mapcar #'aiana--memory-row (plist-get result :memories))
                           :cursor (plist-get result :nextCursor)
                           :notes (append (plist-get result :notes) nil)))))))

(defun aiana--history-row (entry)
  "ENTRY of the history of a file as a row."
  (let ((title (aiana--one-line (or (plist-get entry :sessionTitle)
                                    (plist-get entry :sessionId))))
        (lines (plist-get entry :lines)))
    (list :label (format "%s  %-7s  %s" (aiana--date (plist-get entry :timestamp))
                         (plist-get entry :touch) (aiana--fit title 80))
          :annotation (concat (plist-get entry :source)
                              (when lines (format " · lines %d-%d" (aref lines 0)
                                                  (aref lines 1))))
          :target (list :kind "message" :uri (plist-get entry :uri) :title title
                        :session (plist-get entry :sessionId)
                        :source (plist-get entry :source)
                        :message (plist-get entry :messageId)))))

(defun aiana--history (file)
  "List of what happened to FILE, newest first."
  (list :prompt (format "History of %s" (file-name-nondirectory file))
        :fetch (lambda (cursor)
                 (let ((result (apply #'aiana-request :aiana/file/history
                                      :path file :limit aiana-limit
                                      (when cursor (list :cursor cursor)))))
                   (list :rows (mapcar #'aiana--history-row (plist-get result :entries))
                         :cursor (plist-get result :nextCursor)
                         :notes (append (when (seq-empty-p (plist-get result :entries))
                                          '("No session had to do with this file."))
                                        (plist-get result :notes) nil))))))

(defun aiana--why-row (reason)
  "REASON for a line as a row."
  (let ((title (aiana--one-line (or (plist-get (plist-get reason :asked) :text)
                                    (plist-get reason :sessionTitle)
                                    (plist-get reason :sessionId)))))
    (list :label (format "%s  %s  %s" (aiana--date (plist-get reason :timestamp))
                         (aiana--one-line (plist-get reason :how)) (aiana--fit title 80))
          :annotation (plist-get reason :source)
          :target (list :kind "message" :uri (plist-get reason :uri) :title title
                        :session (plist-get reason :sessionId)
                        :source (plist-get reason :source)
                        :message (plist-get reason :messageId)))))

(defun aiana--why (file first last)
  "List of the turns behind the lines FIRST to LAST of FILE, newest first."
  (list :prompt (format "Why %s:%d" (file-name-nondirectory file) first)
        :fetch (lambda (_cursor)
                 (let ((result (aiana-request
                                :aiana/why :path file
                                :range (list :start (list :line (1- first) :character 0)
                                             :end (list :line last :character 0)))))
                   (list :rows (mapcar #'aiana--why-row (plist-get result :reasons))
                         :notes (append
                                 (when (seq-empty-p (plist-get result :reasons))
                                   '("No session is surely known to have written this."))
                                 (plist-get result :notes) nil))))))

(defun aiana--fix-row (fix)
  "FIX, a session in which an error went away, as a row."
  (let ((done (append (mapcar #'file-name-nondirectory (plist-get fix :files))
                      (mapcar (lambda (ran) (concat "$ " (aiana--one-line (plist-get ran :text))))
                              (plist-get fix :commands)))))
    (list :label (format "%s  %s  %s  %s" (aiana--date (plist-get fix :timestamp))
                         (plist-get fix :how) (aiana--fit (string-join done ", ") 60)
                         (aiana--fit (plist-get fix :message) 80))
          :annotation (plist-get fix :source)
          :target (list :kind "message" :uri (plist-get fix :uri)
                        :title (aiana--one-line (or (plist-get fix :sessionTitle)
                                                    (plist-get fix :sessionId)))
                        :session (plist-get fix :sessionId)
                        :source (plist-get fix :source)
                        :message (plist-get fix :messageId)))))

(defun aiana--fixes (asked)
  "List of what made an error go away, newest first, as ASKED in params."
  (list :prompt "What fixed this error"
        :fetch (lambda (_cursor)
                 (let ((fixes (plist-get (apply #'aiana-request :aiana/fixes asked) :fixes)))
                   (list :rows (mapcar #'aiana--fix-row fixes)
                         :notes (when (seq-empty-p fixes)
                                  '("No session is surely known in which this error went away.")))))))

(defun aiana--nothing (page all)
  "Say that PAGE has no rows; ALL projects were looked into or not."
  (message "Aiana: %s"
           (string-join (append '("Nothing was found.")
                                (unless all '("With a prefix argument all projects are searched."))
                                (plist-get page :notes))
                        "  ")))

;;;; In the minibuffer

(defun aiana--candidates (rows)
  "ROWS by labels that differ."
  (let ((seen (make-hash-table :test #'equal)))
    (mapcar (lambda (row)
              (let* ((label (plist-get row :label))
                     (count (puthash label (1+ (gethash label seen 0)) seen)))
                (cons (if (= count 1) label (format "%s <%d>" label count)) row)))
            rows)))

(defun aiana--table (candidates)
  "Completion table of CANDIDATES in their order, with annotations."
  (lambda (text predicate action)
    (if (eq action 'metadata)
        `(metadata (category . aiana)
                   (annotation-function
                    . ,(lambda (label)
                         (let ((row (cdr (assoc label candidates))))
                           (when row
                             (propertize (concat "  " (plist-get row :annotation))
                                         'face 'completions-annotations)))))
                   (display-sort-function . identity)
                   (cycle-sort-function . identity)
                   ,@(when (seq-some (lambda (one) (plist-get (cdr one) :heading)) candidates)
                       `((group-function
                          . ,(lambda (label transform)
                               (if transform label
                                 (plist-get (cdr (assoc label candidates)) :heading)))))))
      (complete-with-action action candidates text predicate))))

(defun aiana--choose (list page)
  "Target of the row of LIST that the user chooses; PAGE has been fetched."
  (let ((rows (plist-get page :rows)) (chosen nil))
    (while (not chosen)
      (let* ((candidates (append (aiana--candidates rows)
                                 (when (plist-get page :cursor) `((,aiana--more)))))
             (prompt (concat (string-join (cons (plist-get list :prompt) (plist-get page :notes))
                                          " · ")
                             ": "))
             (label (completing-read prompt (aiana--table candidates) nil t)))
        (if (not (equal label aiana--more))
            (setq chosen (or (cdr (assoc label candidates))
                             (user-error "Aiana: Nothing was chosen")))
          (setq page (funcall (plist-get list :fetch) (plist-get page :cursor)))
          (setq rows (append rows (plist-get page :rows))))))
    (plist-get chosen :target)))

(defun aiana--choose-and-act (list all act)
  "Call ACT for the row of LIST, of ALL projects or not, that the user chooses."
  (let ((page (funcall (plist-get list :fetch) nil)))
    (if (null (plist-get page :rows))
        (aiana--nothing page all)
      (let* ((target (aiana--choose list page))
             (aiana-targets-function (lambda () (list target))))
        (funcall act)))))

(defun aiana--choose-and-open (list all)
  "Let the user choose a row of LIST, of ALL projects or not, and open it."
  (aiana--choose-and-act list all #'aiana-act-open))

;;;; In a buffer

(defvar-local aiana--list nil "The list that this buffer shows.")
(defvar-local aiana--heading nil "Heading of the last row.")
(defvar-local aiana--cursor nil "Cursor of the page that follows those shown.")

(defvar aiana-list-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (make-composed-keymap aiana-action-map special-mode-map))
    (define-key map "n" #'aiana-next-row)
    (define-key map "p" #'previous-line)
    (define-key map (kbd "RET") #'aiana-act-open)
    (define-key map "m" #'aiana-mark)
    (define-key map "u" #'aiana-unmark)
    (define-key map "U" #'aiana-unmark-all)
    (define-key map "M" #'aiana-more)
    (define-key map "v" #'aiana-preview-mode)
    map)
  "Keys in lists of hits and sessions.")

(define-derived-mode aiana-list-mode special-mode "Aiana list"
  "Hits or sessions of Aiana, to be marked and acted on.

\\{aiana-list-mode-map}"
  (setq-local revert-buffer-function #'aiana--revert-list)
  (setq-local aiana-targets-function #'aiana--list-targets)
  (setq truncate-lines t))

(defun aiana--insert-page (page)
  "Add the rows of PAGE."
  (let ((inhibit-read-only t))
    (save-excursion
      (goto-char (point-max))
      (dolist (row (plist-get page :rows))
        (unless (equal (plist-get row :heading) aiana--heading)
          (setq aiana--heading (plist-get row :heading))
          (insert (propertize (concat aiana--heading "\n") 'face 'bold)))
        (insert (propertize (concat "  " (plist-get row :label) "  "
                                    (propertize (plist-get row :annotation) 'face 'shadow))
                            'aiana-target (plist-get row :target))
                "\n")))
    (setq aiana--cursor (plist-get page :cursor))
    (setq header-line-format
          (string-join (append (list (concat " " (plist-get aiana--list :prompt)))
                               (plist-get page :notes)
                               (when aiana--cursor '("M: more")))
                       " · "))))

(defun aiana--revert-list (&rest _)
  "Fetch the list anew."
  (let ((page (funcall (plist-get aiana--list :fetch) nil))
        (inhibit-read-only t) (line (line-number-at-pos)))
    (erase-buffer)
    (setq aiana--heading nil)
    (aiana--insert-page page)
    (goto-char (point-min))
    (forward-line (1- line))))

(defun aiana--show-list (list folder)
  "Show LIST, made in FOLDER, in a buffer of its own."
  (let ((page (funcall (plist-get list :fetch) nil)))
    (pop-to-buffer (get-buffer-create "*aiana*"))
    (let ((inhibit-read-only t)) (erase-buffer))
    (aiana-list-mode)
    (setq default-directory folder)
    (setq aiana--list list)
    (aiana--insert-page page)
    (goto-char (point-min))
    (unless (get-text-property (point) 'aiana-target) (aiana-next-row 1))))

(defun aiana-more ()
  "Fetch the next page."
  (interactive)
  (if aiana--cursor
      (aiana--insert-page (funcall (plist-get aiana--list :fetch) aiana--cursor))
    (message "Aiana: That is all.")))

(defun aiana-next-row (count)
  "Go COUNT rows down, and on to the next page."
  (interactive "p")
  (forward-line count)
  (when (and (eobp) aiana--cursor) (aiana-more))
  (when (and (not (eobp)) (not (get-text-property (point) 'aiana-target)))
    (forward-line)) ; past a heading
  (when (eobp) (forward-line -1)))

(defvar-local aiana--previewed nil "URI of the row that is shown in another window.")

(defun aiana--preview ()
  "Show the row of point in another window."
  (let ((uri (plist-get (get-text-property (line-beginning-position) 'aiana-target) :uri)))
    (when (and uri (not (equal uri aiana--previewed)))
      (setq aiana--previewed uri)
      (aiana-open-other-window uri))))

(define-minor-mode aiana-preview-mode
  "Show each row of a list that point comes to in another window."
  :lighter " Preview"
  (setq aiana--previewed nil)
  (if (not aiana-preview-mode)
      (remove-hook 'post-command-hook #'aiana--preview t)
    (add-hook 'post-command-hook #'aiana--preview nil t)
    (aiana--preview)))

(defun aiana--set-mark (mark)
  "Put MARK, a character, before the row of point."
  (when (get-text-property (line-beginning-position) 'aiana-target)
    (let ((inhibit-read-only t) (target (get-text-property (line-beginning-position)
                                                           'aiana-target)))
      (save-excursion
        (goto-char (line-beginning-position))
        (delete-char 1)
        (insert (propertize (string mark) 'aiana-target target))))))

(defun aiana-mark ()
  "Mark the row of point and go on."
  (interactive)
  (aiana--set-mark ?*)
  (aiana-next-row 1))

(defun aiana-unmark ()
  "Unmark the row of point and go on."
  (interactive)
  (aiana--set-mark ?\s)
  (aiana-next-row 1))

(defun aiana-unmark-all ()
  "Unmark all rows."
  (interactive)
  (save-excursion
    (goto-char (point-min))
    (while (not (eobp))
      (aiana--set-mark ?\s)
      (forward-line))))

(defun aiana--list-targets ()
  "Targets of the marked rows, or of the row of point."
  (let ((marked nil))
    (save-excursion
      (goto-char (point-min))
      (while (not (eobp))
        (when (eq (char-after) ?*) (push (get-text-property (point) 'aiana-target) marked))
        (forward-line)))
    (or (nreverse marked)
        (delq nil (list (get-text-property (line-beginning-position) 'aiana-target))))))

(provide 'aiana-list)
;;; aiana-list.el ends here
