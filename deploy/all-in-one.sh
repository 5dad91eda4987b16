#!/bin/sh
# Starts everything in one process, as the user whom the files shall belong to.
set -eu
umask "${UMASK}"
if [ "$(id -u)" != 0 ]; then # --user was given
  exec mvidarr up
fi
# The embedded PostgreSQL asks for the name of its user once, when it makes its database.
getent passwd "${PUID}" > /dev/null || echo "mvidarr:x:${PUID}:${PGID}::/config:/bin/sh" >> /etc/passwd
chown "${PUID}:${PGID}" /config /data
exec setpriv --reuid "${PUID}" --regid "${PGID}" --clear-groups -- mvidarr up
