#!/usr/bin/perl
# The API as phones have it: HTTP/2 over TLS, by the configuration for production.
use lib 't/lib';
use StockVerify::Http2;
use StockVerify::Test;

my $stack = start_stack(http2 => 1);
my $asha = $stack->login('staff');
my $nobody = $stack->client;
my $me = '/api/auth/me';

my $answer = $asha->get($me);
is $answer->status, 200, 'a login, and who it is' or diag $answer->text;
is $answer->{response}->version, '2', 'over HTTP/2';
is $answer->header('Strict-Transport-Security'), 'max-age=31536000', 'by the configuration for production';
is $nobody->get($me)->code, 'token_missing', 'a refusal in the envelope';
is $nobody->get('/elsewhere')->status, 404, 'nothing else is served';

# A claim, a batch, a heartbeat.
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
ok $session, 'a claim';
my ($item) = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my @records = map { {
    client_record_id => "h2-$_", session_id => $session, rack_id => $rack, floor => 'Ground', item_code => $item, verified_qty => $_,
    damage_qty => 0, status => 'finalized', created_at => '2026-11-01T10:00:00Z', updated_at => '2026-11-01T10:00:00Z', partial => \1,
} } 1 .. 100;
my $verdicts = $asha->post('/api/sync/batch', { records => \@records });
is_deeply [sort @{ ($verdicts->data || {})->{ok} || [] }], [sort map { $_->{client_record_id} } @records], 'a batch of a hundred' or diag $verdicts->text;
is $asha->post("/api/sessions/$session/heartbeat")->status, 200, 'a heartbeat';
my $packed = $asha->get('/api/racks/available?limit=500', headers => { 'Accept-Encoding' => 'gzip' });
is $packed->header('Content-Encoding'), 'gzip', 'a long answer is compressed';
ok @{ $packed->data->{items} }, 'and whole';

# Bodies: too large, of another type, asked for with Expect, which HTTP/2 passes over.
is $asha->request(POST => '/api/sync/batch', body => '{"a":"' . 'x' x 13_000_000 . '"}')->code, 'body_too_large', 'a body that is too large';
is $nobody->request(POST => '/api/auth/login', body => '{"a":"' . 'x' x 20_000 . '"}')->code, 'body_too_large', 'a login that is too large';
is $asha->request(POST => '/api/sync/batch', body => '{}', headers => { 'Content-Type' => 'text/plain' })->code, 'media_type', 'another type';
is $asha->request(POST => '/api/sync/batch', json => { records => [] }, headers => { Expect => '100-continue' })->status, 200, 'Expect';
is $asha->request(POST => '/api/sessions', json => {}, headers => { Expect => '100-continue' })->code, 'forbidden', 'Expect, refused';
is $asha->request(POST => "/api/racks/$rack/claim", json => {}, headers => { 'If-Match' => '"x"' })->status, 200, 'conditions of a change are none';

# Streams that are reset at every stage, beside one that goes on.
my $raw = StockVerify::Http2->new($stack);
is $raw->status($raw->request($asha, GET => $me)), 200, 'a connection of our own';
my @json = ('content-type' => 'application/json');
$raw->reset($raw->request($asha, GET => $me)) for 1 .. 20;
for my $sent ('', '{"rec', '{"records":[]}') {
    my $id = $raw->request($asha, POST => '/api/sync/batch', @json);
    $raw->data($id, $sent) if length $sent;
    $raw->reset($id);
}
my $whole = $raw->request($asha, POST => '/api/sync/batch', @json);
$raw->data($whole, '{"records"');
$raw->data($whole, ':[]}', 1);
is $raw->status($whole), 200, 'a body in two frames';
my $refused = $raw->request($asha, POST => '/api/nothing', @json);
is $raw->status($refused), 404, 'a refusal before the body';
$raw->data($refused, 'x' x 1000);
is $raw->status($raw->request($asha, GET => $me)), 200, 'and the connection goes on';

sub is_idle {
    my $figures = $stack->plain_client->get('/metrics/json')->json;
    return !grep { $_ } map { @{ $figures->{$_} }{qw(db hash)} } qw(thread_tasks_queued thread_tasks_running);
}

SKIP: {
    skip 'the servers are not ours', 2 unless $stack->owns('mongodb') && $stack->owns('redis');
    for my $part (qw(mongodb redis)) {
        $stack->pause_part($part);
        my @streams = map { $raw->request($asha, GET => '/api/sync/conflicts') } 1 .. 20;
        my $kept = pop @streams;
        wait_until { !is_idle() } 10, 'threads to be busy' if $part eq 'mongodb';
        $raw->reset($_) for @streams;
        $stack->cont_part($part);
        is $raw->status($kept), 200, "of twenty streams that waited for $part one was wanted";
        wait_until { is_idle() } 20, 'the others to end';
    }
}

# A connection that is gone with its streams.
my $gone = StockVerify::Http2->new($stack);
is $gone->status($gone->request($asha, GET => $me)), 200, 'another connection';
$gone->request($asha, GET => '/api/sync/conflicts') for 1 .. 10;
$gone->close;
wait_until { is_idle() } 20, 'its tasks to end';

# Three reloads under load.
my %wrong;
my $hup = sub { $stack->{stack}->signal_part('nginx', 'HUP') };
$stack->load(
    clients => 6, total => 240, when => { 40 => $hup, 100 => $hup, 160 => $hup },
    request => sub { return [$asha, GET => $_[0] % 2 ? $me : '/api/sync/conflicts'] },
    answer => sub { $wrong{ $_[1]->text }++ if $_[1]->status != 200 },
);
is_deeply \%wrong, {}, 'three reloads under load: nothing fails';
$raw->close;

# The tests of logins, sync and downloads, all of them, the same way.
for my $test (qw(auth sync jobs)) {
    my $log = "$stack->{directory}/log/http2-$test.log";
    my $status = system "STOCKVERIFY_TEST_HTTP2=1 perl t/$test.t >$log 2>&1";
    is $status, 0, "t/$test.t over HTTP/2" or diag StockVerify::Process::tail($log, 40);
}

done_testing;
