# Floor sessions: who sees them, heartbeats, figures, completion and recount.

use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');

sub claim {
    my ($who, $rack, %option) = @_;
    my $answer = $who->post("/api/racks/$rack/claim", {%option});
    is $answer->status, 200, "$rack claimed" or diag $answer->text;
    return $answer->data;
}

subtest 'who sees what' => sub {
    my $claim = claim($asha, $stack->rack);
    my $id = $claim->{session_id};
    my $own = $asha->get("/api/sessions/$id");
    is $own->status, 200, 'the own session' or diag $own->text;
    is $own->data->{kind}, 'floor', 'its kind';
    is $own->data->{status}, 'active', 'its status';
    is $boss->get("/api/sessions/$id")->status, 200, "a supervisor sees anybody's";
    for my $path ("/api/sessions/$id", "/api/sessions/$id/records", "/api/sessions/$id/stats") {
        is $ben->get($path)->status, 403, "another's: $path";
    }
    is $asha->get('/api/sessions/nothing')->status, 404, 'none';
    is_deeply [map { $_->{user_id} } @{ $ben->get('/api/sessions/active')->data }], [], 'staff list their own';
    ok scalar(grep { $_->{session_id} eq $id && defined $_->{heartbeat_age_seconds} } @{ $boss->get('/api/sessions/active')->data }),
        'a supervisor lists all';
    my $history = $asha->get('/api/sessions/user/history', query => { limit => 1 });
    is $history->data->{items}[0]{session_id}, $id, 'the history begins with the latest';

    my $count = $asha->get("/api/sessions/$claim->{count_id}");
    is $count->data->{kind}, 'standing', 'the id of a count answers the count' or diag $count->text;
    ok !exists $count->data->{total_items}, 'without totals for staff';
    ok exists $boss->get("/api/sessions/$claim->{count_id}")->data->{total_items}, 'with totals for a supervisor';
    is $boss->get("/api/sessions/$claim->{count_id}/stats")->data->{kind}, 'standing', 'figures of a count';
    is $asha->post("/api/sessions/$claim->{count_id}/heartbeat")->code, 'wrong_kind', 'no heartbeat of a count';
    is $asha->post("/api/sessions/$claim->{count_id}/complete")->code, 'wrong_kind', 'no completion of a count';
};

subtest 'heartbeats' => sub {
    my $rack = $stack->rack;
    my $claim = claim($asha, $rack);
    my $id = $claim->{session_id};
    my $beat = $asha->post("/api/sessions/$id/heartbeat");
    is $beat->status, 200, 'without a body' or diag $beat->text;
    is $beat->message, 'Heartbeat received', 'the message';
    is $asha->post("/api/sessions/$id/heartbeat", { rack_id => $rack })->status, 200, 'with the rack';
    is_deeply [$asha->post("/api/sessions/$id/heartbeat", { rack_id => 'other' })->fields], ['rack_id'], 'another rack';
    is $ben->post("/api/sessions/$id/heartbeat")->status, 403, "somebody else's";
    is $boss->post("/api/sessions/$id/heartbeat")->status, 403, 'not even a supervisor';
    is $asha->post('/api/sessions/nothing/heartbeat')->status, 404, 'none';
    is $stack->client->post("/api/sessions/$id/heartbeat")->status, 401, 'nobody';

    my $alias = $asha->post('/api/sync/heartbeat', { session_id => $id, rack_id => $rack });
    is $alias->status, 200, 'the older name' or diag $alias->text;
    is $alias->data->{user_id}, $asha->user_id, 'tells the user';
    ok $alias->data->{rack_renewed} && $alias->data->{timestamp} > 1_700_000_000, 'and the time in seconds';
    is $asha->post('/api/sync/heartbeat', undef, query => { session_id => $id })->status, 200, 'in the query';
    is_deeply [$asha->post('/api/sync/heartbeat', {})->fields], ['session_id'], 'without a session';

    my $redis = $stack->redis;
    wait_until { $redis->command('EXISTS', 'user:heartbeat:' . $asha->user_id) } 20, 'presence';
    my $seen = $redis->command('GET', 'user_status:' . $asha->user_id . ':last_seen');
    ok abs($seen - time) < 60, 'last seen, in seconds';
    $redis->command('DEL', 'auth:user:' . $asha->user_id);
    is $asha->post("/api/sessions/$id/heartbeat")->status, 200, 'an account Redis forgot is loaded';
    $redis->command('DEL', "session:lock:$id", 'lease:' . $asha->user_id . ":$id");
    is $asha->post("/api/sessions/$id/heartbeat")->status, 200, 'a session Redis forgot too';
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    $redis->command('FLUSHALL');
    is $asha->post("/api/sessions/$id/heartbeat")->code, 'session_completed', 'a completed session is never revived';
};

subtest 'complete and recount' => sub {
    my ($expected) = grep { $_->{rack_id} eq ($stack->demo('expected'))[0]{rack_id} } $stack->demo('expected');
    my $rack = $expected->{rack_id};
    my $claim = claim($asha, $rack);
    my $id = $claim->{session_id};
    my $stats = $asha->get("/api/sessions/$id/stats")->data;
    is $stats->{verified_items}, 0, 'nothing counted';
    ok $stats->{total_items} > 0 && $stats->{pending_items} == $stats->{total_items}, 'all pending';
    is $ben->post("/api/sessions/$id/complete")->status, 403, "not another's";
    my ($item) = grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
    is_deeply $asha->post('/api/sync/batch', { records => [map { { client_record_id => "complete-$_", session_id => $id, item_code => $item->{item_code},
        verified_qty => 1, partial => \1, status => $_ == 2 ? 'void' : 'finalized', created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' } } 1, 2] })->data->{ok},
        ['complete-1', 'complete-2'], 'two records';
    my $early = $asha->post("/api/sessions/$id/complete", { records => 3 });
    is $early->status . ' ' . $early->code, '409 records_missing', 'not while a record is missing';
    like $early->json->{error}{message}, qr/2 of 3/, 'says how many are there';
    is $asha->get("/api/sessions/$id")->data->{status}, 'active', 'the session goes on';
    my $done = $asha->post("/api/sessions/$id/complete", { records => 2 });
    is $done->status, 200, 'completed' or diag $done->text;
    is_deeply $asha->post("/api/sessions/$id/complete", { records => 9 })->data, $done->data, 'a second call gives the same answer, whatever it says';
    is_deeply $boss->get("/api/sessions/$id/stats")->data, $done->data, 'and so do the figures';
    is $asha->get("/api/racks/$rack/status")->data->{status}, 'completed', 'the rack too';
    is $ben->post("/api/racks/$rack/claim", {})->code, 'rack_completed', 'it is counted';
    my $again = $ben->post("/api/racks/$rack/claim", { recount => \1 });
    is $again->status, 200, 'unless recounted' or diag $again->text;
    is $boss->get('/api/sessions/' . $again->data->{session_id})->data->{round}, 2, 'the second round';
    is $asha->get("/api/sessions/$id/records")->status, 200, 'records of the first stay readable';
};

done_testing;
