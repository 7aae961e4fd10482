#!/usr/bin/perl
# Reviewing a count: how its lines stand, accepting them as they were seen, excluding racks, recounts.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $warehouse = $asha->user->{warehouse};
my $at = '2026-01-05T08:00:00Z';
my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my %here = map { ($_->{rack_id} => 1) } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
my (%expected, %on);
for my $row (grep { $here{ $_->{rack_id} } && !$serial{ $_->{item_code} } } $stack->demo('expected')) {
    push @{ $expected{ $row->{rack_id} } }, $row->{item_code};
    push @{ $on{ $row->{item_code} } }, $row->{rack_id};
}
my @racks = grep { @{ $expected{$_} } >= 3 } sort keys %expected;
my $next = 0;

sub count_of { my ($racks, %more) = @_; return $boss->post('/api/sessions', { warehouse => $warehouse, racks => $racks, %more })->data->{session_id} }

sub claim {
    my ($client, $rack, %more) = @_;
    my $answer = $client->post("/api/racks/$rack/claim", {%more});
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data->{session_id};
}

sub record {
    my ($session, $item, $quantity, %member) = @_;
    return { client_record_id => 'review-' . ++$next, session_id => $session, item_code => $item, verified_qty => $quantity, status => 'finalized',
             created_at => $at, updated_at => $at, %member };
}

sub send_ok {
    my ($client, @records) = @_;
    my $answer = $client->post('/api/sync/batch', { records => \@records });
    is_deeply $answer->data->{ok}, [map { $_->{client_record_id} } @records], 'stored' or diag $answer->text;
    return $records[0]{client_record_id};
}

sub complete { my ($client, $session) = @_; is $client->post("/api/sessions/$session/complete")->status, 200, 'completed' }

sub line {
    my ($count, $item) = @_;
    return $boss->get("/api/sessions/$count/review", query => { item => $item })->data->{items}[0];
}

# The item's line once it is in that state.
sub line_is {
    my ($count, $item, $state) = @_;
    my $line;
    ok +(wait_until { $line = line($count, $item); $line && $line->{state} eq $state }), "$item is $state"
        or diag explain $line;
    return $line;
}

sub take_over {
    my ($client, $count, @lines) = @_;
    return $client->post("/api/sessions/$count/review/accept", { lines => [map { { item_code => $_->{item_code}, lot => $_->{lot}, version => $_->{version} } } @lines] });
}

subtest 'a line from its first figure to its acceptance' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    my $count = count_of([$rack]);
    my $session = claim($asha, $rack);
    send_ok($asha, record($session, $item, 7));
    my $line = line_is($count, $item, 'incomplete');
    is $line->{variance}, undef, 'a part is compared with nothing';
    is $line->{counted}, 7, 'what was counted is told';
    is take_over($boss, $count, $line)->code, 'line_undecided', 'nobody accepts it';
    complete($asha, $session);
    $line = line_is($count, $item, 'counted');
    is line($count, $other)->{state}, 'not_counted', 'what nobody counted is not zero';
    my $all = $boss->get("/api/sessions/$count/review")->data;
    is $all->{summary}{by_state}{counted}, 1, 'the summary knows';
    is $all->{summary}{lines}, scalar @{ $all->{items} }, 'all lines are there';
    ok !$all->{can_approve}, 'an open count is not approved';

    my $late = $boss->post("/api/sessions/bulk/reconcile", { session_ids => [$count] });
    ok $late->data->{results}[0]{success}, 'it is reconciled';
    is take_over($boss, $count, { %$line, version => $line->{version} + 1 })->code, 'line_changed', 'another version than the one there is';
    is take_over($boss, $count, { item_code => 'NONE', version => 1 })->code, 'not_found', 'no such line';
    is take_over($asha, $count, $line)->status, 403, 'staff accept nothing';
    my $accepted = take_over($boss, $count, $line);
    is $accepted->status, 200, 'accepted' or diag $accepted->text;
    my $again = line_is($count, $item, 'accepted');
    is $again->{version}, $line->{version}, 'which changes nothing that was told';
    is $again->{accepted}{by}, $boss->user_id, 'who';
    is take_over($admin, $count, $line)->status, 200, 'the same again is accepted';
    is line($count, $item)->{accepted}{by}, $boss->user_id, 'and stays the first one\'s';

    # A record that comes late makes it counted again.
    is $asha->post('/api/sync/batch', { records => [record($session, $other, 4)] })->data->{ok}[0], "review-$next", 'a late record';
    line_is($count, $other, 'counted');
    is line($count, $item)->{state}, 'accepted', 'the other line stays accepted';
    my ($sent) = grep { $_->{item_code} eq $item } @{ $asha->get("/api/sessions/$session/records")->data->{items} };
    my $edit = record($session, $item, 9, client_record_id => $sent->{client_record_id}, updated_at => '2026-01-05T09:00:00Z');
    is_deeply $asha->post('/api/sync/batch', { records => [$edit] })->data->{conflicts}, [], 'a late edit';
    my $stale = take_over($boss, $count, $line);
    is $stale->code, 'line_changed', 'is seen before anything is derived' or diag $stale->text;
    $line = line_is($count, $item, 'counted');
    cmp_ok $line->{version}, '>', $again->{version}, 'another version';
    is $line->{accepted}, undef, 'nobody accepted that';

    my $drill = $boss->get("/api/sessions/$count/review/$item")->data;
    is_deeply [map { $_->{client_record_id} } @{ $drill->{records} }], [$sent->{client_record_id}], 'the records behind it';
    is_deeply [map { [$_->{rack_id}, $_->{standing}] } grep { $_->{rack_id} eq $rack } @{ $drill->{racks} }], [[$rack, 'completed']], 'its racks';
    is $boss->get("/api/sessions/$count/review/NONE")->status, 404, 'nothing of another item';
    is $boss->get("/api/sessions/$session/review")->code, 'wrong_kind', 'a floor session has no lines';
};

subtest 'nobody accepts what is theirs' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    my $count = count_of([$rack]);
    my $session = claim($boss, $rack);
    send_ok($boss, record($session, $item, 3));
    complete($boss, $session);
    my $line = line_is($count, $item, 'counted');
    is_deeply $line->{counted_by}, [$boss->user_id], 'who is behind it';
    my $own = take_over($boss, $count, $line);
    is $own->status . ' ' . $own->code, '403 own_count', 'refused' or diag $own->text;
    is take_over($admin, $count, $line)->status, 200, 'somebody else does';
};

subtest 'two supervisors at once, and a record between' => sub {
    my $rack = shift @racks;
    my @items = @{ $expected{$rack} }[0 .. 2];
    my $count = count_of([$rack]);
    my $session = claim($asha, $rack);
    send_ok($asha, map { record($session, $_, 5) } @items);
    complete($asha, $session);
    my @lines = map { line_is($count, $_, 'counted') } @items;
    my $body = { lines => [map { { item_code => $_->{item_code}, version => $_->{version} } } @lines] };
    my $late = record($session, $items[0], 6, client_record_id => 'review-' . ($next - 2), updated_at => '2026-01-05T09:00:00Z');
    my @answers = $stack->parallel([$boss, POST => "/api/sessions/$count/review/accept", json => $body],
        [$admin, POST => "/api/sessions/$count/review/accept", json => $body], [$asha, POST => '/api/sync/batch', json => { records => [$late] }]);
    my %states = map { $_ => 1 } map { $_->status } @answers[0, 1];
    is_deeply [sort keys %states], [200], 'both are answered' or diag join "\n", map { $_->text } @answers;
    ok +(wait_until { $stack->mongo->count(touched_items => { count_id => $count }) == 0 }), 'everything is derived';
    my $summary = $boss->get("/api/sessions/$count/review")->data->{summary};
    my %by;
    $by{ $_->{state} }++ for @{ $boss->get("/api/sessions/$count/review", query => { limit => 500 })->data->{items} };
    $by{$_} //= 0 for keys %{ $summary->{by_state} };
    is_deeply $summary->{by_state}, \%by, 'the summary is what the lines are';
    is line($count, $items[1])->{state}, 'accepted', 'what did not change is accepted';
};

subtest 'racks that need not be counted' => sub {
    my $one = shift @racks;
    my $at_two = (grep { my $rack = $_; !grep { $_ eq $expected{$one}[0] } @{ $expected{ $racks[$rack] } } } 0 .. $#racks)[0];
    my ($two) = splice @racks, $at_two, 1;
    my $shared = $expected{$one}[0];
    $stack->mongo->update(rack_items => { rack_id => $two, item_code => $expected{$two}[0] }, { '$set' => { item_code => $shared } });
    my $count = count_of([$one, $two]);
    my $session = claim($asha, $one);
    send_ok($asha, record($session, $shared, 6));
    complete($asha, $session);
    line_is($count, $shared, 'incomplete');
    is_deeply [$boss->post("/api/sessions/$count/review/exclude", { racks => [$two] })->fields], ['reason'], 'without a reason: no';
    is_deeply [$boss->post("/api/sessions/$count/review/exclude", { racks => ['nowhere'], reason => 'x' })->fields], ['racks[0]'], 'outside the scope';
    my $excluded = $boss->post("/api/sessions/$count/review/exclude", { racks => [$two], reason => 'being rebuilt' });
    is $excluded->data->{excluded}[0]{reason}, 'being rebuilt', 'excluded' or diag $excluded->text;
    my $line = line_is($count, $shared, 'counted');
    is_deeply [grep { $_ eq 'excluded' } @{ $line->{flags} }], ['excluded'], 'a person is to look at it';
    ok $line->{undecided}, 'so it bars the approval';
    my ($row) = grep { $_->{item_code} eq $shared } @{ $boss->get('/api/erp/items/variances', query => { count_id => $count, min_qty => 0, limit => 500 })->data->{items} };
    is_deeply [@$row{qw(variance variance_value)}], [@$line{qw(variance value)}], 'the list of variances says the same of it';
    my ($told) = grep { $_->{rack_id} eq $two } @{ $boss->get("/api/sessions/$count/racks")->data->{items} };
    is $told->{state}, 'excluded', 'the list of racks knows';
    is $boss->post("/api/sessions/$count/review/exclude", { racks => [$two], undo => \1 })->status, 200, 'undone';
    line_is($count, $shared, 'incomplete');
};

subtest 'the list' => sub {
    my $rack = shift @racks;
    my $count = count_of([$rack]);
    my $session = claim($asha, $rack);
    my @items = @{ $expected{$rack} };
    send_ok($asha, map { record($session, $items[$_], 1 + $_) } 0 .. $#items);
    complete($asha, $session);
    line_is($count, $_, 'counted') for @items;
    my @all = sort map { $_->{item_code} } @{ $boss->get("/api/sessions/$count/review", query => { limit => 500 })->data->{items} };
    for my $sort (qw(item_code variance gross value gross_value counted_at)) {
        my @walks;
        for my $direction ('', '-') {
            my ($cursor, @seen);
            do {
                my $page = $boss->get("/api/sessions/$count/review", query => { sort => "$direction$sort", limit => 2, $cursor ? (cursor => $cursor) : () });
                is $page->status, 200, "by $direction$sort" or diag $page->text;
                push @seen, map { $_->{item_code} } @{ $page->data->{items} };
                $cursor = $page->data->{next_cursor};
            } while $cursor;
            push @walks, \@seen;
        }
        is_deeply $walks[0], [reverse @{ $walks[1] }], "both ways by $sort";
        is_deeply [sort @{ $walks[0] }], \@all, 'all of them';
    }
    is $boss->get("/api/sessions/$count/review", query => { sort => 'luck' })->status, 400, 'no such order';
    is_deeply $boss->get("/api/sessions/$count/review", query => { state => 'incomplete' })->data->{items}, [], 'none in that state';
};

subtest 'a line that was counted before there was a review' => sub {
    my $answer = $boss->post('/api/sessions', { warehouse => $warehouse, name => 'Of before' });
    my $count = $answer->data->{session_id};
    $stack->mongo->run(insert => 'session_book', documents => [{ session_id => $count, warehouse => $warehouse, item_code => 'OF-BEFORE', lot => '', book => 'warehouse', system_qty => { '$numberDecimal' => '5' },
        counted => { verified_qty => { '$numberDecimal' => '4' }, variance => { '$numberDecimal' => '-1' }, records => 1 } }]);
    my $listed = sub { return scalar grep { $_->{item_code} eq 'OF-BEFORE' } @{ $boss->get("/api/sessions/$count/review", query => { item => 'OF-BEFORE', @_ })->data->{items} } };
    is_deeply [map { $listed->(state => $_) } qw(incomplete not_counted counted)], [1, 0, 0], 'is listed as what it is told to be: incomplete';
    my ($out, $status) = $stack->ctl(['migrate']);
    is $status, 0, 'migrated' or diag $out;
    like $out, qr/^line_states: 1 looked at, 1 changed; done$/m, 'by its step';
    ok +(wait_until { $listed->(state => 'not_counted') }), 'then it is what its records say: here there are none';
    is $boss->post('/api/sessions/bulk/close', { session_ids => [$count], reason => 'tried' })->status, 200, 'closed';
};

done_testing();
