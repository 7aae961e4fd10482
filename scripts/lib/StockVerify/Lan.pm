package StockVerify::Lan;

# A local stack for a phone in the same network: TLS with a certificate of an authority that this user's stacks have of
# their own. A phone that only clicked a warning away gets no service worker and no camera, so the authority is installed
# on it. It may vouch for private addresses and names of the local network alone (RFC 5280, 4.2.1.10), and lives in the
# cache, so that a phone needs it once.

use strict;
use warnings;
use File::Path 'make_path';
use StockVerify::Reservation 'reserve_port';

# iOS takes no server's certificate that lives longer than 825 days.
my ($AUTHORITY_DAYS, $SERVER_DAYS) = (730, 90);

my @PRIVATE = ('10.0.0.0/255.0.0.0', '172.16.0.0/255.240.0.0', '192.168.0.0/255.255.0.0', '169.254.0.0/255.255.0.0', '127.0.0.0/255.0.0.0');

# listen: the address to listen at, '' for all of this host's
sub plan {
    my ($stack, $listen) = @_;
    my $directory = $stack->{directory};
    my @addresses = length $listen ? ($listen) : own_addresses();
    die "--lan: this host has no private IPv4 address; name the one to listen at, as --lan=192.168.1.20\n" unless @addresses;
    my $lan = {
        listen    => length $listen ? $listen : '0.0.0.0',
        addresses => \@addresses,
        port      => reserve_port($directory),
        authority_port => reserve_port($directory),
        authority      => authority_folder() . '/authority.crt',
        certificate    => "$directory/secrets/lan",
    };
    $lan->{url} = "https://$addresses[0]:$lan->{port}";
    $lan->{authority_url} = "http://$addresses[0]:$lan->{authority_port}/stockverify.crt";
    return $lan;
}

sub authority_folder {
    my $cache = $ENV{STOCKVERIFY_CACHE} // ($ENV{XDG_CACHE_HOME} // "$ENV{HOME}/.cache") . '/stockverify';
    return "$cache/authority";
}

sub own_addresses {
    return grep { /^(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./ } split ' ', qx(hostname -I 2>/dev/null) // '';
}

sub openssl {
    my ($log, @words) = @_;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDOUT, '>>', $log;
        open STDERR, '>>', $log;
        umask 0077;
        exec 'openssl', @words or exit 127;
    }
    waitpid $pid, 0;
    die "openssl $words[0] failed; see $log\n" if $? != 0;
    return;
}

# The authority, made once, and the certificate of this stack, made anew for the addresses of today.
sub make_certificate {
    my ($stack) = @_;
    my $lan = $stack->{state}{lan};
    my ($folder, $log) = (authority_folder(), "$stack->{directory}/log/openssl.log");
    my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);
    make_path($folder, { mode => 0700 });
    if (!-s "$folder/authority.crt" || system("openssl x509 -in '$folder/authority.crt' -noout -checkend 8640000 >/dev/null 2>&1") != 0) {
        my $allowed = join ',', (map { "permitted;IP:$_" } @PRIVATE), 'permitted;DNS:local', 'permitted;DNS:localhost';
        openssl($log, qw(req -x509), @key, '-days', $AUTHORITY_DAYS, '-subj', '/CN=StockVerify on ' . host_name(), '-keyout', "$folder/authority.key",
            '-out', "$folder/authority.crt", '-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0', '-addext', 'keyUsage=critical,keyCertSign',
            '-addext', "nameConstraints=critical,$allowed");
    }
    my $names = join ',', (map { "IP:$_" } @{ $lan->{addresses} }), 'DNS:' . host_name() . '.local';
    openssl($log, 'req', @key, '-subj', '/CN=StockVerify', '-keyout', "$lan->{certificate}.key", '-out', "$lan->{certificate}.csr");
    StockVerify::Stack::write_file("$lan->{certificate}.ext", "subjectAltName=$names\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n");
    openssl($log, qw(x509 -req -days), $SERVER_DAYS, '-in', "$lan->{certificate}.csr", '-CA', "$folder/authority.crt", '-CAkey', "$folder/authority.key",
        '-extfile', "$lan->{certificate}.ext", '-out', "$lan->{certificate}.pem");
    return;
}

sub host_name {
    my ($name) = lc(qx(hostname -s 2>/dev/null) // '') =~ /^([a-z0-9-]{1,40})/;
    return $name // 'stockverify';
}

# What nginx listens at besides: the API and the console by TLS, and the authority's certificate without.
sub listen_lines {
    my ($lan) = @_;
    return <<"END";
        listen $lan->{listen}:$lan->{port} ssl http2;
        ssl_certificate $lan->{certificate}.pem;
        ssl_certificate_key $lan->{certificate}.key;
END
}

sub authority_server {
    my ($lan) = @_;
    return <<"END";
    server {
        listen $lan->{listen}:$lan->{authority_port};
        access_log off;
        location = /stockverify.crt {
            alias $lan->{authority};
            types { }
            default_type application/x-x509-ca-cert;
        }
    }
END
}

sub explanation {
    my ($lan) = @_;
    my $others = join ', ', @{ $lan->{addresses} }[1 .. $#{ $lan->{addresses} }];
    return <<"END" . ($others ? "  This host's other addresses: $others\n" : '');

On a phone in the same network:
  1. Open $lan->{authority_url} and install what it offers, once for all stacks of this user:
     Android: Settings, Security, Encryption & credentials, Install a certificate, CA certificate.
     iPhone: Settings, Profile Downloaded, Install; then General, About, Certificate Trust Settings.
     It vouches for private addresses and names ending in .local, and for nothing else.
  2. Open $lan->{url}/console/ and log in as above.
  By cable instead: adb reverse tcp:PORT tcp:PORT, and http://127.0.0.1:PORT/console/ on the phone.
  Everybody in the network reaches this address; it ends with scripts/stack down.
END
}

1;
