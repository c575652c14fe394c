#!/bin/sh
# Makes a cluster unless the volume has one, then becomes the server. Whoever connects is let in:
# an image for use brings its own pg_hba.conf and password.
set -eu
if [ ! -s /data/base/PG_VERSION ]; then
    initdb -D /data/base -U postgres --encoding UTF8 --locale C --no-sync >/dev/null
    echo "host all all all trust" >> /data/base/pg_hba.conf
fi
exec postgres -D /data/base -k /tmp -c listen_addresses='*' -c max_connections=20
