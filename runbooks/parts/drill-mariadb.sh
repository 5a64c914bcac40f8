# A MariaDB for drills: on $PORT1 with 20 connections, user steady (password opensesame), its socket in $DRILL/my.
# Sourced by the `start` of a drill, in its folder. What it starts ends with the drill.
who=$(id -un)
chmod 711 "$DRILL"
mkdir -p "$DRILL/my" "$DRILL/bin"
if [ "$who" = root ]; then
    who=mysql
    chown mysql:mysql "$DRILL/my"
fi
mariadb-install-db --no-defaults --datadir="$DRILL/my/data" --auth-root-authentication-method=normal --skip-test-db \
    --user="$who" >"$DRILL/my.log" 2>&1 || { cat "$DRILL/my.log"; exit 1; }
server=$(PATH=$PATH:/usr/sbin:/usr/libexec command -v mariadbd)
"$server" --no-defaults --datadir="$DRILL/my/data" --port="$PORT1" --bind-address=127.0.0.1 --socket="$DRILL/my/sock" \
    --pid-file="$DRILL/my/pid" --skip-name-resolve --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=8M \
    --max-connections=20 --user="$who" >>"$DRILL/my.log" 2>&1 &
# Ask as root, or hold sessions: `sql TEXT`, `sessions COUNT USER TEXT` (idle after it), `busy COUNT USER TEXT`.
cat >"$DRILL/bin/sql" <<END
#!/bin/sh
exec mariadb --no-defaults -S "$DRILL/my/sock" -u root -N -B -D shop -e "\$1"
END
cat >"$DRILL/bin/sessions" <<END
#!/bin/sh
n=0; while [ \$n -lt \$1 ]; do
    { echo "\$3"; exec sleep 1000; } | mariadb --no-defaults -S "$DRILL/my/sock" -u \$2 -D shop >/dev/null 2>&1 &
    n=\$((n + 1))
done
END
cat >"$DRILL/bin/busy" <<END
#!/bin/sh
n=0; while [ \$n -lt \$1 ]; do
    mariadb --no-defaults -S "$DRILL/my/sock" -u \$2 -D shop --delimiter="\${4:-;}" -e "\$3" >/dev/null 2>&1 &
    n=\$((n + 1))
done
END
chmod 755 "$DRILL/bin/sql" "$DRILL/bin/sessions" "$DRILL/bin/busy"
tries=0
until mariadb --no-defaults -S "$DRILL/my/sock" -u root -e "
    create database shop; create table shop.orders (id int primary key, n int) engine=innodb; insert into shop.orders values (1, 1);
    create user steady@'%' identified by 'opensesame'; grant all on *.* to steady@'%';
    create user shop@localhost; grant all on shop.* to shop@localhost;
    create user report@localhost; grant all on shop.* to report@localhost" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { cat "$DRILL/my.log"; exit 1; }
    sleep 0.1
done
