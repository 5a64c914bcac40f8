# A PostgreSQL for drills: on $PORT1 with 20 connections, user steady (password opensesame), its socket in $DRILL.
# Sourced by the `start` of a drill, in its folder. What it starts ends with the drill.
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
become=""
if [ "$(id -u)" = 0 ]; then
    become="setpriv --reuid=postgres --regid=postgres --init-groups"
fi
chmod 711 "$DRILL"
mkdir -p "$DRILL/pg" "$DRILL/bin"
[ -z "$become" ] || chown postgres:postgres "$DRILL/pg"
echo opensesame >"$DRILL/secret"
chmod 644 "$DRILL/secret"
(
    umask 077
    cd "$DRILL/pg"
    $become "$programs/initdb" -D "$DRILL/pg/data" -U steady --auth-local=trust --auth-host=scram-sha-256 \
        --pwfile="$DRILL/secret" --no-sync --no-instructions -E UTF8 --locale=C.UTF-8 >/dev/null
)
cd "$DRILL/pg"
$become "$programs/postgres" -D "$DRILL/pg/data" -p "$PORT1" -c listen_addresses=127.0.0.1 -k "$DRILL/pg" \
    -c max_connections=20 -c fsync=off >"$DRILL/pg.log" 2>&1 &
cd "$DRILL"
# Ask as the superuser, or hold sessions: `sql TEXT`, `sessions COUNT NAME TEXT` (idle after it), `busy COUNT NAME TEXT`.
cat >"$DRILL/bin/sql" <<END
#!/bin/sh
exec "$programs/psql" -XAtq -h "$DRILL/pg" -p $PORT1 -U steady -d postgres -c "\$1"
END
cat >"$DRILL/bin/sessions" <<END
#!/bin/sh
n=0; while [ \$n -lt \$1 ]; do
    { echo "\$3"; exec sleep 1000; } | PGAPPNAME=\$2 "$programs/psql" -XAtq -h "$DRILL/pg" -p $PORT1 -U app -d postgres >/dev/null 2>&1 &
    n=\$((n + 1))
done
END
cat >"$DRILL/bin/busy" <<END
#!/bin/sh
n=0; while [ \$n -lt \$1 ]; do
    PGAPPNAME=\$2 "$programs/psql" -XAtq -h "$DRILL/pg" -p $PORT1 -U app -d postgres -c "\$3" >/dev/null 2>&1 &
    n=\$((n + 1))
done
END
chmod 755 "$DRILL/bin/sql" "$DRILL/bin/sessions" "$DRILL/bin/busy"
tries=0
until "$DRILL/bin/sql" "create role app login; create table orders (id int); grant all on orders to app" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat "$DRILL/pg.log"; exit 1; }
    sleep 0.1
done
