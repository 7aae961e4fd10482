#!/usr/bin/perl
# The files of conf/ that are installed: complete, and accepted by the programs that read them.
use strict;
use warnings;
use lib 'scripts/lib';
use Cwd ();
use File::Path 'make_path';
use File::Temp 'tempdir';
use StockVerify::Settings;
use Test::More;

sub content {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    return do { local $/; <$in> };
}

my $table = StockVerify::Settings->new('core/settings/settings.def');
my %known = map { ($_->{environment} => $_) } values %{ $table->{row} };
my $worker_conf = content('conf/worker.conf');
my %listed = $worker_conf =~ /^#?([A-Z][A-Z0-9_]*)=(.*)$/mg;
is_deeply [sort keys %listed], [sort keys %known], 'worker.conf lists every setting, and nothing else';
for my $name (sort keys %known) {
    my $default = $known{$name}{default};
    $default = { true => 'on', false => 'off' }->{$default} if $known{$name}{kind} eq 'FLAG';
    next if $name =~ /^(?:JWT|SECRET)_KEY_FILE$/;
    is $listed{$name}, $default, "$name stands there with its default";
}

is $listed{JWT_KEY_FILE}, '/etc/stockverify/jwt.key', 'the keys stand where operators are told to put them';
is $listed{SECRET_KEY_FILE}, '/etc/stockverify/secret.key', 'both of them';

my %directives = map { ($_->{directive} => 1) } values %known;
$directives{$_} = 1 for qw(stockverify stockverify_metrics stockverify_envelope stockverify_cors_origin);
for my $file ('conf/nginx.conf', 'conf/nginx.stack.conf.in') {
    my @used = content($file) =~ /^\s*#?(stockverify\w*)\s[^;\n]*;/mg;
    is_deeply [grep { !$directives{$_} } @used], [], "$file uses directives that exist";
    for my $pool (qw(stockverify_db stockverify_hash)) {
        like content($file), qr/^thread_pool $pool threads=\d+ max_queue=\d+;$/m, "$file declares the pool $pool";
    }
}

# The production file as it is, with its paths moved under a folder of the test's.
my $build = $ENV{STOCKVERIFY_BUILD} // 'build';
my $module = -e "$build/ngx_stockverify_module.so" ? Cwd::abs_path("$build/ngx_stockverify_module.so") : undef;
SKIP: {
    skip 'the module is not built', 4 unless $module;
    my $dir = tempdir(CLEANUP => 1);
    make_path(map { "$dir$_" } qw(/etc/stockverify/tls /var/log/stockverify /var/spool/stockverify));
    my $tls = "$dir/etc/stockverify/tls";
    is system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=stock.example.com "
            . "-keyout $tls/privkey.pem -out $tls/fullchain.pem >$dir/openssl.log 2>&1"), 0, 'a certificate';
    for my $key (qw(jwt secret)) {
        open my $out, '>', "$dir/etc/stockverify/$key.key" or die "$key.key: $!\n";
        print {$out} '0123456789abcdef' x 4, "\n";
    }
    my $write = sub {
        my ($file, $text) = @_;
        open my $out, '>', $file or die "$file: $!\n";
        print {$out} $text;
        close $out or die "$file: $!\n";
    };
    my $conf = content('conf/nginx.conf');
    $conf =~ s{/usr/lib/nginx/modules/ngx_stockverify_module.so}{$module};
    $conf =~ s{(?<= )/(?=etc/|var/)}{$dir/}g;
    $conf =~ s{/run/nginx.pid}{$dir/nginx.pid};
    $conf =~ s/^user .*//m if $> != 0;
    make_path("$dir/etc/stockverify/console");
    $write->("$dir/etc/stockverify/console/$_", content("conf/console/$_")) for qw(http.conf location.conf);
    # No port of this host is touched by the check, and IPv6 may be missing where tests run.
    $conf =~ s/^\s*listen \[::\].*\n//mg;
    $conf =~ s/listen (80|443)\b/'listen 127.0.0.1:' . (28_000 + $1)/ge;
    open my $out, '>', "$dir/nginx.conf" or die;
    print {$out} $conf;
    close $out;
    my $said = qx(/usr/sbin/nginx -t -p $dir/ -e $dir/error.log -c $dir/nginx.conf 2>&1);
    isnt $?, 0, 'without the file of the connection string nginx does not start';
    like $said, qr{etc/stockverify/mongodb\.conf" failed \(2: No such file}, 'and names it';
    $write->("$dir/etc/stockverify/mongodb.conf", qq{stockverify_mongodb "mongodb://db1,db2/?replicaSet=rs0";\n});
    $said = qx(/usr/sbin/nginx -t -p $dir/ -e $dir/error.log -c $dir/nginx.conf 2>&1);
    is $?, 0, 'nginx accepts the production configuration' or diag $said;
}

SKIP: {
    skip 'the programs are not built', 4 if grep { !-e "$build/$_" } qw(ngx_stockverify_module.so stockverify-worker stockverifyctl);
    my $stage = tempdir(CLEANUP => 1);
    my $install = "make BUILD='$build' install DESTDIR='$stage' >'$stage/install.log' 2>&1";
    is system($install), 0, 'everything is there to install' or diag content("$stage/install.log");
    is_deeply [grep { !-s "$stage$_" } qw(/usr/lib/nginx/modules/ngx_stockverify_module.so /usr/sbin/stockverify-worker
        /usr/sbin/stockverifyctl /etc/stockverify/nginx.conf.example /etc/stockverify/nginx.service.d.example
        /usr/lib/systemd/system/stockverify-worker@.service /etc/logrotate.d/stockverify)], [], 'and is installed';
    open my $mine, '>', "$stage/etc/stockverify/worker.conf" or die;
    print {$mine} "REDIS_HOST=10.0.0.5\n";
    close $mine;
    is system($install), 0, 'installing again';
    is content("$stage/etc/stockverify/worker.conf"), "REDIS_HOST=10.0.0.5\n", "leaves the operator's settings alone";
}

SKIP: {
    skip 'the programs or readelf are not there', 8 if !-x '/usr/bin/readelf' || grep { !-e "$build/$_" } qw(stockverify-worker stockverifyctl);
    for my $program ("$build/stockverify-worker", "$build/stockverifyctl") {
        my $headers = qx(readelf -hldW $program 2>/dev/null);
        like $headers, qr/Type: +DYN/, "$program may lie anywhere in memory";
        like $headers, qr/GNU_RELRO/, 'with read-only relocations';
        like $headers, qr/BIND_NOW|FLAGS_1.*NOW/, 'made at start';
        like qx(readelf -sW --dyn-syms $program 2>/dev/null), qr/__stack_chk_fail.*__\w+_chk\b|__\w+_chk\b.*__stack_chk_fail/s, 'and checked stacks and copies';
    }
}

{
    # A package that pkg-config does not know ends make, by its name.
    my $said = qx(PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= make -n BUILD='$build' worker 2>&1);
    isnt $?, 0, 'make ends where a library is missing';
    like $said, qr/not found by pkg-config: .*\blibmongoc-1\.0\b.*scripts\/deps/, 'and names it';
    is system("PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= make -n BUILD='$build' help >/dev/null 2>&1"), 0, 'but its help needs none';
}

SKIP: {
    skip 'there is no systemd-analyze', 1 unless -x '/usr/bin/systemd-analyze';
    my $said = qx(systemd-analyze verify --man=no --recursive-errors=no conf/systemd/stockverify-worker\@.service 2>&1);
    unlike $said, qr/Unknown|Failed to parse|Invalid/, 'systemd knows every line of the unit' or diag $said;
}
done_testing;
