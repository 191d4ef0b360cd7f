#!/bin/sh
# The model is part of the image, not of the data: an upgrade replaces it.
set -eu
ln -sfn /opt/aiana/models "$AIANA_HOME/models"
exec aiana "$@"
