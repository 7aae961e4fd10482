#!/usr/bin/perl
# Conditional requests: only what is fetched has conditions; what changes something is done and told as if it had none.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Exports;

my $stack = start_stack(settings => { JOB_CLAIM => 600, JOB_RETRY_DELAY => 50 });
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my $old = 'Thu, 01 Jan 1970 00:00:00 GMT';
my %conditions = (
    'If-Match' => '"other"', 'If-None-Match' => '*', 'If-Unmodified-Since' => $old, 'If-Modified-Since' => 'Fri, 01 Jan 2100 00:00:00 GMT',
);

# Every kind of change, under every condition.
for my $name (sort keys %conditions) {
    my %option = (headers => { $name => $conditions{$name} });
    my $rack = $stack->rack;
    my $claim = $asha->request(POST => "/api/racks/$rack/claim", json => {}, %option);
    is $claim->status, 200, "$name: a claim is made" or diag $claim->text;
    ok $claim->data->{session_id}, 'and told';
    my $session = $claim->data->{session_id};
    is $asha->request(POST => '/api/sync/batch', json => { session_id => $session, records => [] }, %option)->status, 200, "$name: a batch";
    is $asha->request(POST => "/api/sessions/$session/heartbeat", %option)->status, 200, "$name: a heartbeat";
    my $made = $boss->request(POST => '/api/reports/schedules', json => { name => 'x', cron => '@yearly', type => 'variance' }, %option);
    is $made->status, 201, "$name: a schedule is made" or diag $made->text;
    my $path = '/api/reports/schedules/' . $made->data->{schedule_id};
    is $boss->request(PUT => $path, json => { name => 'y', cron => '@yearly', type => 'variance' }, %option)->status, 200, "$name: changed";
    is $boss->request(DELETE => $path, %option)->status, 200, "$name: and deleted";
    my $wrong = $asha->request(POST => '/api/racks/nowhere/claim', json => {}, %option);
    is $wrong->status, 404, "$name: an error is the error it is";
}

# What is fetched.
my $config = $asha->get('/api/config');
my $etag = $config->header('ETag');
is $asha->get('/api/config', headers => { 'If-None-Match' => $etag })->status, 304, 'an ETag that matches: 304';
is $asha->get('/api/config', headers => { 'If-None-Match' => qq("x", W/$etag) })->status, 304, 'one of several, weakly';
is $asha->get('/api/config', headers => { 'If-None-Match' => '"x"' })->status, 200, 'another';
is $asha->get('/api/auth/me', headers => { 'If-Match' => '"x"' })->status, 200, 'an answer without an ETag has no conditions';

# A file: nginx' own conditions, in the API's envelope, and the log still knows who asked.
my $exports = StockVerify::Exports->new(stack => $stack, boss => $boss);
$exports->insert('few', 3, sub { return (id => "few-$_[0]") });
my $snapshot = $exports->snapshot('Few', 'few');
my $file = $exports->export($snapshot, format => 'csv');
is $file->status, 200, 'a file' or diag $file->text;
my $path = "/api/reports/snapshots/$snapshot/export?format=csv";
is $boss->get($path, headers => { 'If-None-Match' => $file->header('ETag') })->status, 304, 'that one has already';
is $boss->get($path, headers => { 'If-Match' => $file->header('ETag') })->status, 200, 'that is the right one';
my $failed = $boss->get($path, headers => { 'If-Match' => '"other"', 'X-Request-Id' => 'precondition-1' });
is $failed->status, 412, 'that is another';
is $failed->code, 'precondition_failed', 'in the envelope' or diag $failed->text;
is $failed->header('X-Request-Id'), 'precondition-1', 'with the request id';
is $failed->json->{request_id}, 'precondition-1', 'twice';
my ($line) = wait_until { grep { /precondition-1/ } $stack->log_lines('access') } 10, 'the access log';
my ($logged) = grep { /precondition-1/ } $stack->log_lines('access');
like $logged, qr{ \Q$boss->{user_id}\E \[.*"GET snapshot_export" 412 }, 'the log names user and route' or diag $logged;
my ($metric) = grep { /route="snapshot_export".*4xx/ } split /\n/, $boss->get('/metrics')->body;
like $metric // '', qr/ 1$/, 'counted once' or diag $boss->get('/metrics')->body;

done_testing;
