#!/usr/bin/perl
# scripts/stack up --lan: a phone in the same network gets the authority's certificate, and with it the API and the console by TLS.
use lib 't/lib';
use StockVerify::Test;
use File::Temp 'tempdir';
use JSON::PP 'decode_json';
use Mojo::UserAgent;
use StockVerify::Client;
use StockVerify::Curl;

my $base = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
my $output = '';

sub state_of { open my $in, '<', "$base/stack/stack.json" or return; return decode_json(do { local $/; <$in> }) }

sub stack {
    my (@words) = @_;
    # The servers come from the usual cache, the authority from this test's.
    my $home = "$base/home";
    mkdir $home;
    mkdir "$home/.cache";
    my $usual = $ENV{XDG_CACHE_HOME} // "$ENV{HOME}/.cache";
    mkdir "$home/.cache/stockverify";
    symlink $_, "$home/.cache/stockverify/" . (split m{/}, $_)[-1] for grep { !/authority$/ } glob "$usual/stockverify/*";
    $output = qx(STOCKVERIFY_CACHE=$home/.cache/stockverify scripts/stack @words --dir $base/stack 2>&1);
    return $? >> 8;
}
END { local $?; stack('down') if $base && -e "$base/stack/stack.json" }

is stack('up', '--no-build', '--lan=127.0.0.1'), 0, 'up' or die $output;
my $lan = state_of()->{lan};
like $output, qr/\Q$lan->{authority_url}\E and install/, 'what to do is told';
like $output, qr{Open \Q$lan->{url}\E/console/}, 'and what to open';

my $ua = Mojo::UserAgent->new;
my $certificate = $ua->get($lan->{authority_url})->result;
is $certificate->code, 200, 'the authority is fetched';
is $certificate->headers->content_type, 'application/x-x509-ca-cert', 'as what phones install';
write_file("$base/authority.crt", $certificate->body);
my $text = qx(openssl x509 -in $base/authority.crt -noout -text);
like $text, qr/X509v3 Name Constraints: critical\s+Permitted:\s+IP:10\.0\.0\.0/, 'it vouches for private addresses only';
unlike $certificate->body, qr/PRIVATE KEY/, 'its key stays';
is +((stat "$base/home/.cache/stockverify/authority/authority.key")[2] & 0777), 0600, 'for its owner alone';

sub phone { my ($url, $authority) = @_; return StockVerify::Client->new(ua => StockVerify::Curl->new(certificate => $authority), url => $url) }
isnt phone($lan->{url}, '/etc/ssl/openssl.cnf')->get('/api/health')->status, 200, 'a phone without it is warned';
my $phone = phone($lan->{url}, "$base/authority.crt");
is $phone->get('/api/health')->status, 200, 'with it the API answers';
my ($user) = grep { $_->{role} eq 'staff' } @{ state_of()->{users} };
my $login = $phone->post('/api/auth/login', { username => $user->{username}, password => $user->{password} },
    headers => { 'X-StockVerify-Client' => 'console', Origin => $lan->{url} });
is $login->status, 200, 'a login of the console';
like $login->header('Set-Cookie'), qr/^__Secure-sv_refresh=/, 'has a cookie that is Secure';

is stack('down'), 0, 'down';
is stack('up', '--no-build', '--lan=127.0.0.1'), 0, 'up again' or die $output;
is phone(state_of()->{lan}{url}, "$base/authority.crt")->get('/api/health')->status, 200, 'the phone needs nothing new';
done_testing;
