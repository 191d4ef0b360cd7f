;;; aiana-document.el --- Sessions and memories of Aiana as buffers  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Code:

(require 'aiana-actions)
(require 'aiana-client)
(require 'button)
(require 'seq)
(require 'url-parse)

(defvar-local aiana--page nil "The page that this buffer shows, as the server answers it.")

(defvar aiana-document-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (make-composed-keymap aiana-action-map special-mode-map))
    (define-key map "n" #'aiana-next-message)
    (define-key map "p" #'aiana-previous-message)
    (define-key map (kbd "RET") #'aiana-follow)
    (define-key map (kbd "TAB") #'aiana-toggle-fold)
    map)
  "Keys in sessions and memories.")

(defvar aiana-document-font-lock-keywords
  '(("^#+ .*$" . 'bold)
    ("^\\*\\*[^*\n]+\\*\\* \\(?:called\\|answered\\).*$" . 'shadow)
    ("^- [A-Z][a-z]+:" . 'italic))
  "Faces of the server's own words; what was said is text.")

(define-derived-mode aiana-document-mode special-mode "Aiana"
  "A session or memory of Aiana.

\\{aiana-document-mode-map}"
  (setq-local font-lock-defaults '(aiana-document-font-lock-keywords t))
  (setq-local revert-buffer-function #'aiana--revert-document)
  (setq-local aiana-targets-function #'aiana--document-targets)
  (add-to-invisibility-spec '(aiana . t)))

(defun aiana--line-position (line)
  "Position of the beginning of the zero-based LINE."
  (save-excursion
    (goto-char (point-min))
    (forward-line line)
    (point)))

(defun aiana--utf16-position (line units)
  "Position that is UTF-16 UNITS after the beginning of the zero-based LINE."
  (save-excursion
    (goto-char (aiana--line-position line))
    (while (and (> units 0) (not (eolp)))
      (setq units (- units (if (> (following-char) #xffff) 2 1)))
      (forward-char))
    (point)))

(defun aiana--add-links (links)
  "Make buttons of LINKS."
  (seq-doseq (link links)
    (make-text-button (aiana--utf16-position (plist-get link :line) (plist-get link :start))
                      (aiana--utf16-position (plist-get link :line) (plist-get link :end))
                      'follow-link t
                      'aiana-link (plist-get link :target)
                      'action (lambda (button) (aiana--follow (button-get button 'aiana-link))))))

(defun aiana--fold (section end)
  "Hide what follows the first line of SECTION, which goes to END."
  (let* ((start (aiana--line-position (plist-get section :line)))
         (overlay (make-overlay (save-excursion (goto-char start) (line-end-position))
                                (max start (1- end)))))
    (overlay-put overlay 'aiana-fold t)
    (overlay-put overlay 'invisible 'aiana)
    (overlay-put overlay 'isearch-open-invisible #'delete-overlay)))

(defun aiana--add-folds (sections)
  "Fold all SECTIONS but what people and assistants said to each other."
  (let ((rest (append sections nil)))
    (while rest
      (let ((section (pop rest)))
        (unless (equal (plist-get section :kind) "turn")
          (aiana--fold section (if rest (aiana--line-position (plist-get (car rest) :line))
                                 (point-max))))))))

(defun aiana--fill (page)
  "Show PAGE in the current buffer."
  (let ((inhibit-read-only t) (line (1- (line-number-at-pos))))
    (remove-overlays (point-min) (point-max) 'aiana-fold t)
    (erase-buffer)
    (insert (plist-get page :text))
    (unless (derived-mode-p 'aiana-document-mode) (aiana-document-mode))
    (setq aiana--page page)
    (aiana--add-links (plist-get page :links))
    (aiana--add-folds (plist-get page :sections))
    (set-buffer-modified-p nil)
    (goto-char (aiana--line-position line))))

(defun aiana--read (uri)
  "The buffer of what URI names, with point at the message of its fragment."
  (let* ((page (aiana-request :workspace/textDocumentContent :uri uri))
         (buffer (get-buffer-create (format "*%s*" (plist-get page :uri)))))
    (with-current-buffer buffer
      (aiana--fill page)
      (goto-char (aiana--line-position (plist-get page :line)))
      (aiana--unfold))
    buffer))

(defun aiana--show (buffer window)
  "Have WINDOW begin with the line of point of BUFFER."
  (let ((place (with-current-buffer buffer (point))))
    (set-window-point window place)
    (set-window-start window (with-current-buffer buffer
                               (save-excursion (goto-char place) (line-beginning-position))))))

;;;###autoload
(defun aiana-open (uri)
  "Show the session or memory that URI names, at the message of its fragment."
  (interactive "sURI: ")
  (let* ((buffer (aiana--read uri))
         (place (with-current-buffer buffer (point))))
    ;; A window that shows it already has a point of its own.
    (pop-to-buffer buffer)
    (goto-char place)
    (aiana--show buffer (selected-window))))

(defun aiana-open-other-window (uri)
  "Show what URI names in another window, and stay here."
  (let ((buffer (aiana--read uri)))
    (aiana--show buffer (display-buffer buffer '(nil (inhibit-same-window . t))))))

(defun aiana--revert-document (&rest _)
  "Read the document again."
  (aiana--fill (aiana-request :workspace/textDocumentContent :uri (plist-get aiana--page :uri))))

(defun aiana--refresh (_changes)
  "Read the documents again that can be seen."
  (dolist (buffer (buffer-list))
    (when (and (buffer-local-value 'aiana--page buffer) (get-buffer-window buffer t))
      (let ((before (buffer-local-value 'aiana--page buffer)))
        (aiana-request-async
         (lambda (failure page)
           (when (buffer-live-p buffer)
             (with-current-buffer buffer
               (cond
                ;; What was deleted must not stay on the screen.
                (failure (aiana--fill (append (list :text failure :links nil :sections nil)
                                              before)))
                ((not (equal (plist-get page :text) (plist-get before :text)))
                 (aiana--fill page))))))
         :workspace/textDocumentContent :uri (plist-get before :uri))))))

(add-hook 'aiana-changed-functions #'aiana--refresh)

;;;; Going about

(defun aiana--section ()
  "The message that point is in."
  (let ((line (1- (line-number-at-pos))) (found nil))
    (seq-doseq (section (plist-get aiana--page :sections))
      (when (<= (plist-get section :line) line) (setq found section)))
    found))

(defun aiana--document-targets ()
  "What the actions of this buffer are about."
  (let ((common (list :uri (plist-get aiana--page :uri) :title (plist-get aiana--page :title)
                      :source (plist-get aiana--page :source)))
        (section (aiana--section)))
    (list
     (cond
      ((equal (plist-get aiana--page :kind) "memory")
       (append (list :kind "memory" :memory (plist-get aiana--page :id)) common))
      (section (append (list :kind "message" :session (plist-get aiana--page :id)
                             :message (plist-get section :messageId)
                             :uri (plist-get section :uri))
                       common))
      (t (append (list :kind "session" :session (plist-get aiana--page :id)) common))))))

(defun aiana-next-message (count)
  "Go COUNT messages further, past tool traffic and thinking."
  (interactive "p")
  (let* ((here (1- (line-number-at-pos)))
         (lines (mapcar (lambda (section) (plist-get section :line))
                        (seq-filter (lambda (section) (equal (plist-get section :kind) "turn"))
                                    (plist-get aiana--page :sections))))
         (beyond (if (> count 0)
                     (seq-filter (lambda (line) (> line here)) lines)
                   (reverse (seq-filter (lambda (line) (< line here)) lines)))))
    (if beyond
        (goto-char (aiana--line-position (nth (1- (min (abs count) (length beyond))) beyond)))
      (message "Aiana: There is no further message."))))

(defun aiana-previous-message (count)
  "Go COUNT messages back."
  (interactive "p")
  (aiana-next-message (- count)))

(defun aiana--folds-here ()
  "Overlays that fold the rest of the line of point."
  (seq-filter (lambda (overlay) (overlay-get overlay 'aiana-fold))
              (overlays-in (line-beginning-position) (1+ (line-end-position)))))

(defun aiana--unfold ()
  "Show what is folded at point."
  (mapc #'delete-overlay (aiana--folds-here)))

(defun aiana-toggle-fold ()
  "Fold or unfold the message of point."
  (interactive)
  (if (aiana--folds-here)
      (aiana--unfold)
    (let* ((section (or (aiana--section) (user-error "Aiana: There is nothing to fold here")))
           (next (cadr (memq section (append (plist-get aiana--page :sections) nil)))))
      (goto-char (aiana--line-position (plist-get section :line)))
      (aiana--fold section (if next (aiana--line-position (plist-get next :line))
                             (point-max))))))

(defun aiana--follow (target)
  "Go to TARGET, the URI of a link that the server has made."
  (if (not (string-prefix-p "file:" target))
      (aiana-open target)
    (let* ((url (url-generic-parse-url target))
           (path (decode-coding-string (url-unhex-string (url-filename url)) 'utf-8))
           (line (and (url-target url) (string-match "\\`L\\([0-9]+\\)\\'" (url-target url))
                      (string-to-number (match-string 1 (url-target url))))))
      (unless (file-exists-p path) (user-error "Aiana: There is no file %s any more" path))
      (find-file-other-window path)
      (when line
        (goto-char (point-min))
        (forward-line (1- line))))))

(defun aiana-follow ()
  "Follow the link at point, or the only one of its line, or else unfold."
  (interactive)
  (let* ((line (1- (line-number-at-pos)))
         (here (seq-filter (lambda (link) (= (plist-get link :line) line))
                           (plist-get aiana--page :links)))
         (button (button-at (point))))
    (cond (button (push-button))
          ((= (length here) 1) (aiana--follow (plist-get (car here) :target)))
          ((aiana--folds-here) (aiana--unfold))
          (t (message "Aiana: There is no link of Aiana here.")))))

(provide 'aiana-document)
;;; aiana-document.el ends here
