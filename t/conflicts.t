#!/usr/bin/perl
# Conflicts wait for a person: who sees them, who may decide, and what a decision does.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};

sub record {
    my ($id, $item, $quantity, %member) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $item, verified_qty => $quantity, status => 'finalized',
             created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %member };
}

sub sync { my ($user, @records) = @_; return $user->post('/api/sync/batch', { records => \@records })->data }

# Syncs a record that meets a conflict; the conflict's id.
sub meet {
    my ($user, $type, $record) = @_;
    my $conflict = sync($user, $record)->{conflicts}[0];
    is $conflict->{type}, $type, "$record->{client_record_id} meets $type";
    return $conflict->{conflict_id};
}

sub resolve { my ($user, $id, @decision) = @_; return $user->post("/api/sync/conflicts/$id/resolve", {@decision}) }
sub code    { my ($answer) = @_; return $answer->status . ' ' . ($answer->json->{error} ? $answer->json->{error}{code} : 'ok') }

sub quantity {
    my ($id) = @_;
    my $record = plain($stack->mongo->find_one('verification_records', { client_record_id => $id })) or return 'none';
    return $record->{verified_qty} . ($record->{standing} eq 'counts' ? '' : " $record->{standing}");
}

is_deeply sync($asha, record('c1', $items[0], 5, revision => 2), record('c2', $items[1], 2))->{ok}, [ 'c1', 'c2' ], 'two figures';
my $stale = meet($asha, stale_update => record('c1', $items[0], 4, revision => 1));
my $double = meet($asha, duplicate_count => record('c3', $items[1], 3));

subtest 'who sees what' => sub {
    my $mine = $asha->get('/api/sync/conflicts', query => { status => 'open' });
    is $mine->status, 200, 'a page';
    is_deeply [ sort map { $_->{conflict_id} } @{ $mine->data->{items} } ], [ sort $stale, $double ], 'one sees one\'s own';
    my ($shown) = grep { $_->{conflict_id} eq $stale } @{ $mine->data->{items} };
    is $shown->{mine}{verified_qty}, 4, 'what was sent';
    is $shown->{server}{verified_qty}, 5, 'beside what is stored';
    is_deeply $ben->get('/api/sync/conflicts')->data->{items}, [], 'nobody else\'s';
    is scalar @{ $sue->get('/api/sync/conflicts', query => { session => $session })->data->{items} }, 2, 'a supervisor sees all';
    my ($here, $elsewhere) = map { [map { $_->{conflict_id} } @{ $sue->get('/api/sync/conflicts', query => { warehouse => $_ })->data->{items} }] } $asha->user->{warehouse}, 'Elsewhere';
    is_deeply [[sort @$here], $elsewhere], [[sort $stale, $double], []], 'or those of a warehouse';
    my $first = $asha->get('/api/sync/conflicts', query => { limit => 1 })->data;
    my $second = $asha->get('/api/sync/conflicts', query => { limit => 1, cursor => $first->{next_cursor} })->data;
    isnt $first->{items}[0]{conflict_id}, $second->{items}[0]{conflict_id}, 'page by page';
    is code($asha->get('/api/sync/conflicts', query => { status => 'lost' })), '400 parameter_invalid', 'a wrong filter';
    is code($asha->get('/api/sync/conflicts', query => { colour => 'red' })), '400 parameter_unknown', 'an unknown one';
};

subtest 'decisions' => sub {
    is code(resolve($ben, $stale, action => 'keep_server')), '404 not_found', 'another\'s conflict';
    is code(resolve($asha, 'none', action => 'keep_server')), '404 not_found', 'no conflict';
    is code(resolve($asha, $stale, action => 'toss')), '422 validation_failed', 'no such action';
    is code(resolve($asha, $stale)), '422 validation_failed', 'no action';
    is code(resolve($asha, $stale, action => 'merge')), '422 validation_failed', 'a merge without the merged record';
    is code(resolve($asha, $stale, action => 'merge', record => { verified_qty => -1 })), '422 validation_failed', 'a bad one';
    my $elsewhere = resolve($asha, $stale, action => 'keep_mine', record => { rack_id => $stack->rack });
    is code($elsewhere), '422 validation_failed', 'on another rack';
    is_deeply [map { "$_->{field} $_->{code}" } @{ $elsewhere->json->{error}{details} }], ['record.rack_id rack_mismatch'], 'which is named';
    my $answer = resolve($asha, $stale, action => 'merge', record => { verified_qty => 4.5 });
    is code($answer), '200 ok', 'merged';
    is $answer->data->{status}, 'resolved', 'it is resolved';
    is $answer->data->{resolution}, 'merge', 'so';
    is $answer->data->{resolved_by}, $asha->user_id, 'by whom';
    is quantity('c1'), '4.5', 'the merged figure is stored';
    is code(resolve($asha, $stale, action => 'merge', record => { verified_qty => 7 })), '200 ok', 'again is the same answer';
    is quantity('c1'), '4.5', 'and changes nothing';
    is code(resolve($asha, $stale, action => 'keep_mine')), '409 conflict_resolved', 'another decision is too late';
    my $flat = $asha->with(url => $stack->url_flat)->post("/api/sync/conflicts/$stale/resolve", { action => 'merge' });
    is scalar(() = $flat->body =~ /"message":/g), 1, 'flat: one message' or diag $flat->text;
    is code(resolve($asha, $double, action => 'merge')), '200 ok', 'a second figure is added';
    is quantity('c2'), '2', 'to the first';
    is quantity('c3'), '3', 'both count';
    is_deeply sync($asha, record('c3', $items[1], 3), record('c2', $items[1], 2))->{ok}, [ 'c3', 'c2' ], 'both are replays now';
    is quantity('c2') + quantity('c3'), 5, 'which add nothing';
};

subtest 'a lost rack is the supervisor\'s' => sub {
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    my $theirs = $ben->post("/api/racks/$rack/claim", {})->data->{session_id};
    is_deeply sync($ben, { %{ record('b1', $items[2], 8) }, session_id => $theirs })->{ok}, ['b1'], 'counted by another';
    my $lost = meet($asha, lock_lost => record('c4', $items[2], 7));
    my $answer = resolve($asha, $lost, action => 'keep_mine');
    is code($answer), '409 lock_lost', 'not the owner\'s to keep';
    is $answer->json->{error}{holder}{user_id}, $ben->user_id, 'who has the rack is told';
    is code(resolve($sue, $lost, action => 'keep_mine')), '200 ok', 'but a supervisor\'s';
    is quantity('c4'), '7', 'it counts';
    is quantity('b1'), '8 decided_against', 'in place of the other';
    ok $stack->mongo->count('activity_logs', { action => 'conflict.resolve', 'details.past_fence' => \1 }), 'and the audit trail says so';
};

subtest 'a figure that lost a serial number' => sub {
    my ($loser, $winner) = map { $_->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id} } $asha, $ben;
    my ($held, $taken) = map { { %{ record("s$_->[0]", $items[3], $_->[1], serial_numbers => [$_->[2]]) }, session_id => $_->[3] } }
        [1, 2, 'SN-1', $loser], [2, 1, 'sn-1', $winner];
    is_deeply sync($asha, $held)->{ok}, ['s1'], 'counted';
    is code(resolve($ben, meet($ben, duplicate_serial => $taken), action => 'keep_mine')), '200 ok', 'taken';
    my ($record) = grep { $_->{client_record_id} eq 's1' } @{ $sue->get("/api/sessions/$loser/records")->data->{items} };
    is_deeply [@{ $record->{review} }{qw(reason serial_numbers taken_by by)}], ['serial_taken', ['SN-1'], 's2', $ben->user_id], 'a supervisor sees what to look at';
    my $stale = meet($asha, stale_update => { %$held, verified_qty => 7, serial_numbers => [], updated_at => '2026-01-05T07:00:00Z' });
    my ($shown) = grep { $_->{conflict_id} eq $stale } @{ $sue->get('/api/sync/conflicts', query => { session => $loser })->data->{items} };
    is $shown->{server}{review}{taken_by}, 's2', 'in a conflict too';
};

subtest 'sent again after a decision' => sub {
    my $mine = $asha->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id};
    my ($first, $second) = map { { %{ record(@$_) }, session_id => $mine } } ['d1', $items[0], 5, revision => 2], ['d1', $items[0], 4, revision => 1];
    is_deeply sync($asha, $first)->{ok}, ['d1'], 'a figure';
    my $met = sync($asha, $second)->{conflicts}[0];
    ok !exists $met->{resolved}, 'nobody decided yet';
    is code(resolve($asha, $met->{conflict_id}, action => 'keep_server')), '200 ok', 'now somebody did';
    my $again = sync($asha, $second)->{conflicts}[0];
    is_deeply [@$again{qw(conflict_id resolved resolution)}], [$met->{conflict_id}, JSON::PP::true(), 'keep_server'], 'so the phone drops it';
};

subtest 'what a console shows beside it' => sub {
    my ($carl, $dora) = map { $stack->login('staff') } 1 .. 2;
    my $place = $stack->rack;
    $session = $carl->post("/api/racks/$place/claim", {})->data->{session_id};
    sync($carl, record('shown-1', $items[0], 5), record('shown-2', 'NOBODY-KNOWS', 5));
    my %id = (known => meet($carl, duplicate_count => record('shown-3', $items[0], 3)), unknown => meet($carl, duplicate_count => record('shown-4', 'NOBODY-KNOWS', 3)));
    my $row = sub { my ($user, $what) = @_; return (grep { $_->{conflict_id} eq $id{$what} } @{ $user->get('/api/sync/conflicts', query => { session => $session })->data->{items} })[0] };
    my $actions = sub { return join ' ', @{ $row->(@_)->{actions} } };
    my ($name) = map { $_->{item_name} } grep { $_->{item_code} eq $items[0] } $stack->demo('items');
    is_deeply [@{ $row->($sue, 'known') }{qw(item_name rack_id full_name)}], [$name, $place, $carl->user->{full_name}], 'the item, the rack, the person';
    is $row->($sue, 'known')->{server_full_name}, $carl->user->{full_name}, 'and whose figure it is in conflict with';
    my ($unit) = map { $_->{uom} } grep { $_->{item_code} eq $items[0] } $stack->demo('items');
    is $row->($sue, 'known')->{uom}, $unit, 'the unit of figures that name none';
    is $row->($sue, 'unknown')->{item_name}, undef, 'no name of what nobody knows';
    is $actions->($_, 'known'), 'keep_server keep_mine merge', 'all may be done' for $carl, $sue;
    $carl->post("/api/racks/$place/release", { session_id => $session });
    my $again = $carl->post("/api/racks/$place/claim", {})->data->{session_id};
    isnt $again, $session, 'claimed again';
    is $actions->($carl, 'known'), 'keep_server keep_mine merge', "by oneself, nothing changes";
    $carl->post("/api/racks/$place/release", { session_id => $again });
    $dora->post("/api/racks/$place/claim", {});
    is $actions->($carl, 'known'), 'keep_server', "once somebody else has it, it is the supervisor's";
    is code(resolve($carl, $id{known}, action => 'keep_mine')), '409 lock_lost', 'as one is told who tries';
    is $actions->($sue, 'known'), 'keep_server keep_mine merge', 'who may';
    my $resolved = resolve($sue, $id{known}, action => 'merge');
    is_deeply [code($resolved), $resolved->data->{actions}], ['200 ok', []], 'and then there is nothing to do' or diag $resolved->text;
    is $actions->($carl, 'known'), '', 'for nobody';
};

done_testing;
