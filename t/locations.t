#!/usr/bin/perl
# The module beside the rest of nginx: rewrites, internal redirects, `if`, limit_except, gzip, and bodies that nobody
# wants.
use lib 't/lib';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(server => <<'END');
        location /v1/ { rewrite ^/v1/(.*)$ /api/$1 last; }
        location /gone { error_page 410 = /api/health; return 410; }
        location /api/auth/devices {
            stockverify on;
            if ($arg_limit) { return 418; }
            if ($request_method = GET) { add_header X-Seen yes; }
            limit_except GET { deny all; }
        }
        location /api/warehouses { stockverify on; limit_rate 100k; gzip on; gzip_types application/json; gzip_min_length 1; }
END
my $asha = $stack->login('staff');

is $asha->get('/v1/auth/me')->status, 200, 'a rewritten path is routed';
is $asha->get('/v1/sessions/a%25b%20%C3%A9')->json->{message}, 'There is no session a%b é', 'and its names are decoded once';
is $asha->get('/gone')->json->{data}{status}, 'healthy', 'an internal redirect is routed';

my $devices = $asha->get('/api/auth/devices');
is $devices->status, 200, 'the block of an if is the location it stands in' or diag $devices->text;
is $devices->header('X-Seen'), 'yes', 'with what the block adds';
$stack->expect_log(qr/access forbidden by rule/);
my $refused = $asha->del('/api/auth/devices/none');
is $refused->status, 403, 'limit_except refuses';
is $refused->json->{error}{code}, 'forbidden', 'in the envelope';

my $warehouses = $asha->get('/api/warehouses', headers => { 'Accept-Encoding' => 'gzip' });
is $warehouses->status, 200, 'compressed and slowed down';
ok @{ $warehouses->data }, 'an answer is whole';

# A body where none belongs is read away, and the connection serves on at once.
my $raw = StockVerify::Raw->new($stack);
my $first = $raw->request($asha, GET => '/api/sessions/active', 'x' x 300_000) =~ s/Connection: close/Connection: keep-alive/r;
$raw->send(substr $first, 0, 100_000);
$raw->send(substr $first, 100_000);
$raw->send($raw->request($asha, GET => '/api/auth/me'));
my @lines = $raw->read =~ m{(HTTP/1\.1 \d+)}g;
is_deeply \@lines, ['HTTP/1.1 200', 'HTTP/1.1 200'], 'a large body on a route without one, and the request behind it';

done_testing;
