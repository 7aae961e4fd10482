#!/usr/bin/perl
# What stands round every answer: envelope, headers, bodies refused before any handler.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Raw;

my $stack = start_stack(server => 'stockverify_cors_origin https://app.example https://other.example:8443;');
my $nobody = $stack->client;
my $flat = $stack->client(url => $stack->url_flat);
my $login = '/api/auth/login';

sub raw { return StockVerify::Raw->new($stack)->send(@_)->read }

my $answer = $nobody->get('/api/health');
is $answer->status, 200, 'health' or diag $answer->text;
is_deeply [sort keys %{ $answer->json }], [qw(data error message request_id status success)], 'the nested envelope';
is $answer->json->{status}, 'healthy', 'status on top';
is $answer->data->{checks}{$_}{status}, 'up', "$_ is up" for qw(redis mongodb);
is $answer->header('X-Request-Id'), $answer->json->{request_id}, 'the request id in header and body';
like $answer->json->{request_id}, qr/^[0-9a-f]{32}$/, 'one of ours';
is $answer->header('Content-Type'), 'application/json', 'its type';
is $answer->header('Cache-Control'), 'no-store', 'nobody keeps it';
is $answer->header('X-Content-Type-Options'), 'nosniff', 'nobody guesses at it';
isnt $nobody->get('/api/health')->json->{request_id}, $answer->json->{request_id}, 'another request, another id';

$answer = $nobody->get('/api/health', headers => { 'X-Request-Id' => 'phone-17.batch_3' });
is $answer->json->{request_id}, 'phone-17.batch_3', "a client's id is kept";
for my $id ('with blank', '"quoted"', 'x' x 65, 'ü') {
    utf8::encode(my $bytes = $id);
    like $nobody->get('/api/health', headers => { 'X-Request-Id' => $bytes })->json->{request_id}, qr/^[0-9a-f]{32}$/,
        'an id that is not fit for a log is replaced';
}

$answer = $flat->get('/api/health');
is $answer->json->{status}, 'healthy', 'flat: members beside success';
ok !exists $answer->json->{data}, 'flat: no data';
is $answer->body =~ s/"status":"healthy"//gr, $answer->body =~ s/"status":"healthy"//r, 'flat: status only once';

for my $client ($nobody, $flat) {
    $answer = $client->get('/api/auth/me');
    is $answer->status, 401, 'no token';
    is $answer->code, 'token_missing', 'token_missing';
    is_deeply [sort keys %{ $answer->json }], [qw(data error message request_id success)], 'an error has one shape';
    is_deeply [sort keys %{ $answer->error }], [qw(code details message)], 'and its error too';
    like $answer->header('WWW-Authenticate'), qr/^Bearer/, 'WWW-Authenticate';
}
$answer = $stack->client(token => 'nonsense')->get('/api/auth/me');
is $answer->code, 'token_invalid', 'token_invalid';
like $answer->header('WWW-Authenticate'), qr/invalid_token/, 'says so to a browser';

# Bodies
$answer = $nobody->request(POST => $login, body => '{}', headers => { 'Content-Type' => 'text/plain' });
is_deeply [$answer->status, $answer->code], [415, 'media_type'], 'another type';
$answer = $nobody->request(POST => $login, body => '{}', headers => { 'Content-Type' => 'application/jsonp' });
is_deeply [$answer->status, $answer->code], [415, 'media_type'], 'a longer name of a type';
$answer = $nobody->request(POST => $login, body => '{"username":', headers => { 'Content-Type' => 'Application/JSON ; charset=utf-8' });
is_deeply [$answer->status, $answer->code], [400, 'json_invalid'], 'parameters of the type are fine, half an object is not';
is $nobody->post($login)->code, 'json_invalid', 'no body where one is needed';
my %bad = (
    'duplicate keys' => '{"username":"a","username":"b"}',
    'NaN' => '{"a":NaN}',
    'a number beyond all bounds' => '{"a":1e400}',
    'deep nesting' => '{"a":' . '[' x 8_000 . ']' x 8_000 . '}',
    'invalid UTF-8' => "{\"a\":\"\xff\"}",
    'a NUL' => '{"a":"\u0000"}',
    'a raw NUL' => "{\"a\":1}\0",
    'a list' => '[]',
    'something behind' => '{} {}',
);
for my $what (sort keys %bad) {
    $answer = $nobody->request(POST => $login, body => $bad{$what});
    is $answer->status, 400, "$what: 400" or diag $answer->text;
    like $answer->code, qr/^(?:json_invalid|bad_request)$/, "$what: " . $answer->code;
}

my $huge = '{"a":"' . 'x' x (13 * 1024 * 1024) . '"}';
$answer = $nobody->request(POST => $login, body => $huge);
is_deeply [$answer->status, $answer->code], [413, 'body_too_large'], 'over the limit';
my $half = substr $huge, 0, 7_000_000;
my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length $half, $half } 1, 2;
my $head = "POST $login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
my $text = raw("$head${chunks}0\r\n\r\n");
like $text, qr{^HTTP/1.1 413 }, 'over the limit, in chunks';
like $text, qr/"code":"body_too_large"/, 'in the envelope, though nginx refused it';
$text = raw("POST $login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    . "8\r\n{\"userna\r\n8\r\nme\":\"x\"}\r\n0\r\n\r\n");
like $text, qr/"field":"password"/, 'a body in chunks is read';

# nginx's own refusals in our locations
like raw("GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"), qr{^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 }, 'Expect';
like raw("GET /api/a%zz HTTP/1.1\r\nHost: x\r\n\r\n"), qr{^HTTP/1.1 400 }, 'a bad escape in the path';
like raw("GET /api/a\0b HTTP/1.1\r\nHost: x\r\n\r\n"), qr{^HTTP/1.1 400 }, 'a NUL in the path';

# Browsers
$answer = $nobody->get('/api/health', headers => { Origin => 'https://app.example' });
is $answer->header('Access-Control-Allow-Origin'), 'https://app.example', 'an allowed origin';
like $answer->header('Access-Control-Expose-Headers'), qr/\b$_\b/, "exposes $_"
    for qw(Retry-After Location ETag Content-Disposition X-Request-Id);
is $answer->header('Vary'), 'Origin', 'caches keep origins apart';
is $nobody->get('/api/health', headers => { Origin => 'https://evil.example' })->header('Access-Control-Allow-Origin'), undef,
    'another origin';
is $nobody->get('/api/nothing', headers => { Origin => 'https://app.example' })->header('Access-Control-Allow-Origin'),
    'https://app.example', 'errors are readable too';
$answer = $nobody->request(OPTIONS => $login,
    headers => { Origin => 'https://other.example:8443', 'Access-Control-Request-Method' => 'POST' });
is $answer->status, 204, 'a preflight';
like $answer->header('Access-Control-Allow-Methods'), qr/\bPOST\b/, 'allows the method';
like $answer->header('Access-Control-Allow-Headers'), qr/\bAuthorization\b/, 'allows the token';

# Metrics
$text = $nobody->get('/metrics')->body;
like $text, qr/^stockverify_http_responses_total\{route="health",class="2xx"\} [1-9]/m, 'answers are counted by route';
like $text, qr/^stockverify_http_request_duration_seconds_count\{route="health"\} [1-9]/m, 'and timed';
like $text, qr/^stockverify_circuit_state 0$/m, 'the circuit is closed';
unlike $text, qr{/api/}, 'no path is a label';
is ref $nobody->get('/metrics/json')->json->{routes}{health}, 'HASH', 'the same as JSON';

done_testing;
