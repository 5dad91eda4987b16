#!/bin/sh
# Starts everything in one process, as the user whom the files shall belong to.
set -eu
umask "${UMASK}"
if [ "$(id -u)" != 0 ]; then # --user was given
  exec mvidarr up
fi
chown "${PUID}:${PGID}" /config /data
exec setpriv --reuid "${PUID}" --regid "${PGID}" --clear-groups -- mvidarr up
