package StockVerify::Production;

# Serves a test's stack by the configuration for production, conf/nginx.conf, over TLS and HTTP/2. Only what names a
# place of the host is another: paths, addresses, the user, the certificate; the stack's own servers stand beside it.

use strict;
use warnings;
use StockVerify::Curl;
use StockVerify::Parts;
use StockVerify::Reservation 'reserve_port';

# Takes over a stack that is up: its url is https from here on, its requests are curl's.
sub serve {
    my ($test) = @_;
    my ($stack, $directory) = @{$test}{qw(stack directory)};
    my %place = (tls => reserve_port($directory), plain => reserve_port($directory), certificate => make_certificate($directory));
    my $file = "$directory/nginx.conf";
    my $text = configuration($stack, slurp($file), $directory, \%place);
    StockVerify::Stack::write_file($file, $text);
    $test->stop_part('nginx');
    $test->start_part('nginx');
    $test->state->{url} = "https://localhost:$place{tls}";
    $test->{ua} = StockVerify::Curl->new(certificate => "$place{certificate}.pem");
    return;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

sub make_certificate {
    my ($directory) = @_;
    my $name = "$directory/secrets/tls";
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        . "-addext subjectAltName=DNS:localhost -keyout $name.key -out $name.pem 2>$directory/log/openssl.log") == 0
        or die "no certificate; see $directory/log/openssl.log\n";
    return $name;
}

sub configuration {
    my ($stack, $own, $directory, $place) = @_;
    my $text = slurp("$stack->{root}/conf/nginx.conf");
    my ($settings) = $own =~ /((?:^ +stockverify_\w+ .*;\n)+)/m or die "no settings in the stack's nginx.conf\n";
    my ($temporary) = $own =~ /((?:^ +\w+_temp_path .*;\n)+)/m or die "no paths in the stack's nginx.conf\n";
    my ($servers) = $own =~ /(^    server \{.*^    \}\n)/ms or die "no server in the stack's nginx.conf\n";
    my ($module) = $own =~ /^(load_module .*;)$/m or die "no module in the stack's nginx.conf\n";
    my ($user) = $own =~ /^(user .*;)$/m;
    my $brotli = StockVerify::Parts::brotli_module();
    my @changes = (
        [qr/^user .*;$/m,                              $user // ''],
        [qr/^worker_processes auto;$/m,                "worker_processes 2;\ndaemon off;"],
        [qr/^worker_rlimit_nofile .*;\n/m,             ''],    # which not every user may raise
        [qr/^pid .*;$/m,                               "pid $directory/nginx.pid;"],
        [qr/^error_log .*;$/m,                         "error_log $directory/log/error.log notice;"],
        [qr/^load_module .*;$/m,                       $module],
        [qr{^include /etc/nginx/modules-enabled/.*;$}m, $brotli ? "load_module $brotli;" : ''],    # there relative to nginx' own prefix
        [qr/access_log \S+ (stockverify) .*;/,         "access_log $directory/log/access.log stockverify buffer=64k flush=1s;"],
        [qr/listen 80;/,                               "listen 127.0.0.1:$place->{plain};"],
        [qr/listen 443 (ssl\b[^;]*);/,                 sub { "listen 127.0.0.1:$place->{tls} $_[0];" }],
        [qr/ssl_certificate .*;/,                      "ssl_certificate $place->{certificate}.pem;"],
        [qr/ssl_certificate_key .*;/,                  "ssl_certificate_key $place->{certificate}.key;"],
        [qr/((?:^ +#?(?:stockverify_(?:redis|mongodb|jwt|secret|spool)\w*|include) .*;\n)+)/m, $settings . $temporary],
        [qr{include /etc/stockverify/console/http\.conf;},     "include $stack->{root}/conf/console/http.conf;"],
        [qr{root \S+;(\s+)include /etc/stockverify/console/}, sub { "root $stack->{build};$_[0]include $stack->{root}/conf/console/" }],
        [qr/^\}\s*\z/m,                                "$servers}\n"],
    );
    $text =~ s/^ *listen \[::\].*;\n//mg;
    for my $change (@changes) {
        my ($pattern, $instead) = @$change;
        $text =~ s/$pattern/ref $instead ? $instead->($1) : $instead/e or die "conf\/nginx.conf has nothing like $pattern\n";
    }
    return $text;
}

1;
