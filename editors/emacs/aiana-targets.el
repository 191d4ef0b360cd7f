;;; aiana-targets.el --- What the actions are about  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A target is a plist: `:kind' (message, memory or session, as a text),
;; `:uri', `:title', and the ids `:memory', `:session' and `:message' as far
;; as it has them.  Buffers of Aiana say what their targets are with
;; `aiana-targets-function'.

;;; Code:

(require 'aiana-client)
(require 'seq)

(defvar-local aiana-targets-function nil
  "Function that returns the targets at point or marked in this buffer.")

(defun aiana--targets ()
  "What the user means here; signal a `user-error' if it is nothing."
  (or (and aiana-targets-function (funcall aiana-targets-function))
      (user-error "Aiana: There is nothing of Aiana here")))

(defun aiana--each (key targets)
  "The different ids under KEY of TARGETS."
  (delete-dups (delq nil (mapcar (lambda (target) (plist-get target key)) targets))))

(defun aiana--memories (what)
  "Ids of the memories that the user means; WHAT can be done with memories alone."
  (let ((targets (aiana--targets)))
    (or (aiana--each :memory targets)
        (user-error "Aiana: Only memories can be %s; this is a %s" what
                    (plist-get (car targets) :kind)))))

(defun aiana--session-params (target)
  "Params that name the session of TARGET; ids differ within one assistant only."
  (append (list :id (plist-get target :session))
          (when (plist-get target :source) (list :source (plist-get target :source)))))

(defun aiana--sessions ()
  "Params that name the sessions that the user means, each once."
  (or (delete-dups (mapcar #'aiana--session-params
                           (seq-filter (lambda (target) (plist-get target :session))
                                       (aiana--targets))))
      (user-error "Aiana: This belongs to no session")))

(defun aiana--counted (count one many)
  "COUNT with the word ONE or MANY."
  (format "%d %s" count (if (= count 1) one many)))

(defun aiana--still (answers)
  "What is still to be said of things that were deleted, by the ANSWERS.
Other files are cleaned by the time that it is read."
  (if (seq-some (lambda (answer)
                  (seq-contains-p (plist-get (plist-get answer :receipt) :pending) "backups"))
                answers)
      "  The backups still hold it, and are being cleaned."
    ""))

(provide 'aiana-targets)
;;; aiana-targets.el ends here
