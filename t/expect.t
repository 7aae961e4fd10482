#!/usr/bin/perl
# Expect: 100-continue: the body is asked for when nothing speaks against the request, and not before.
use lib 't/lib';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(settings => { SYNC_RATE_LIMIT => 3 }, server => <<'END');
        lingering_timeout 1s;
        location /api/auth/devices { stockverify on; limit_except GET { deny all; } }
END
my $asha = $stack->login('staff');
my $ravi = $stack->login('staff');

# Opens a request that announces a body and waits; what comes first.
sub ask {
    my ($client, $method, $path, %option) = @_;
    my $raw = StockVerify::Raw->new($stack);
    my @head = ("$method $path HTTP/1.1", 'Host: test', 'Expect: 100-continue', 'Content-Type: ' . ($option{type} // 'application/json'));
    push @head, $option{length} ? "Content-Length: $option{length}" : 'Transfer-Encoding: chunked';
    push @head, 'Authorization: Bearer ' . $client->token if $client;
    $raw->send(join "\r\n", @head, '', '');
    return $raw;
}

sub refused {
    my ($raw, $status, $code, $what) = @_;
    my $text = $raw->read(20);
    my @statuses = $text =~ m{HTTP/1\.1 (\d+)}g;
    is "@statuses", $status, "$what: $status and no 100" or diag $text;
    like $text, qr/"code":"$code"/, "$what: $code";
    like $text, qr/^Connection: close\r$/mi, 'and the connection ends, because nobody can tell what comes next';
    return;
}

sub continued {
    my ($raw, $body, $what) = @_;
    my $first = $raw->read_until(qr/\r\n\r\n/);
    like $first, qr{^HTTP/1\.1 100 Continue\r\n\r\n$}, "$what: the body is asked for" or diag $first;
    $raw->send($body);
    my $answer = $raw->read_until(qr/\r\n\r\n.+\}/s);
    like $answer, qr{^HTTP/1\.1 200 }, "$what: and answered" or diag $answer;
    return;
}

my $batch = '{"records":[]}';
my $length = length $batch;
my $claim = '/api/racks/' . $stack->rack . '/claim';
refused(ask(undef, POST => '/api/sync/batch', length => $length), 401, 'token_missing', 'no token');
refused(ask($asha->with(token => 'not.a.token'), POST => '/api/sync/batch', length => $length), 401, 'token_invalid', 'no good token');
refused(ask($asha, POST => '/api/nothing', length => $length), 404, 'not_found', 'no such path');
refused(ask($asha, PUT => '/api/sync/batch', length => $length), 405, 'method_not_allowed', 'no such method');
refused(ask($asha, GET => '/api/auth/me?x=1', length => $length), 400, 'parameter_unknown', 'a parameter nobody knows');
refused(ask($asha, POST => '/api/sessions', length => $length), 403, 'forbidden', 'a role that may not');
refused(ask($asha, POST => '/api/sync/batch', length => $length, type => 'text/plain'), 415, 'media_type', 'another type');
refused(ask($asha, POST => '/api/sync/batch', type => 'text/plain'), 415, 'media_type', 'another type in chunks');
refused(ask(undef, POST => '/api/auth/login', length => 16_385), 413, 'body_too_large', 'a login of 17 KiB');
refused(ask($asha, POST => '/api/sync/batch', length => 12_582_913), 413, 'body_too_large', 'more than twelve mebibytes');
like ask($asha, DELETE => '/api/auth/devices/x', length => $length)->read_until(qr/\}\z/), qr{^HTTP/1\.1 403 .*"forbidden"}s, 'what nginx denies';
$stack->expect_log(qr/access forbidden by rule/);

continued(ask($asha, POST => '/api/sync/batch', length => $length), $batch, 'a batch');
continued(ask($asha, POST => '/api/sync/batch'), "e\r\n$batch\r\n0\r\n\r\n", 'a batch in chunks');
continued(ask($asha, POST => $claim, length => 2), '{}', 'a claim');
my ($user) = $stack->users('staff');
my $login = qq({"username":"$user->{username}","password":"$user->{password}"});
continued(ask(undef, POST => '/api/auth/login', length => length $login), $login, 'a login');

# The rate is looked at before the body, too.
wait_until { $ravi->request(POST => '/api/sync/batch', body => $batch)->status == 429 } 20, 'the rate to be used up';
refused(ask($ravi, POST => '/api/sync/batch', length => $length), 429, 'rate_limited', 'too many');

# Who sends the body without waiting, and who leaves instead.
my $eager = ask($asha, POST => '/api/sync/batch', length => $length)->send($batch);
like $eager->read_until(qr/\}\z/), qr{HTTP/1\.1 (?:200|429) }, 'a body that does not wait';
ask($asha, POST => '/api/sync/batch', length => $length)->abort for 1 .. 5;
my $refused = ask(undef, POST => '/api/sync/batch', length => 500_000);
$refused->send('x' x 500_000);
like $refused->read(20), qr{^HTTP/1\.1 401 }, 'a refusal reaches also who sends the body all the same';
is $asha->get('/api/auth/me')->status, 200, 'others are served';

done_testing;
