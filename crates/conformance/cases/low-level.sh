#!/bin/sh
# The low-level runtime of the cases: keeps the config.json that it is handed.
case "$*" in
--version)
    printf 'runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\ngo: go1.19.8\nlibseccomp: 2.5.4\n'
    ;;
*)
    cp $DIR/bundle/config.json $DIR/handed-on.json
    ;;
esac
