# Appended to nginx's Makefile: the Lua scripts as C, made again when one changes.
cat << END >> $NGX_MAKEFILE

$NGX_OBJS/stockverify/lua_scripts.inc: $ngx_addon_dir/scripts/embed-lua `echo $ngx_addon_dir/core/redis/lua/*.lua $ngx_addon_dir/core/redis/lua/include/*.lua`
	$ngx_addon_dir/scripts/embed-lua $ngx_addon_dir/core/redis/lua > \$@.tmp
	mv \$@.tmp \$@

END
