#!/usr/bin/perl
# Who is to count what: shown first to them, a warning to others. And what closing leaves behind: a reason; what bars nothing.
use lib 't/lib';
use StockVerify::Events;
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my @racks = sort map { $_->{rack_id} } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my ($last, $second) = @racks[-1, -2];
my $count = $boss->post('/api/sessions', { warehouse => $warehouse, name => 'Assigned' })->data->{session_id};

sub walk {
    my ($client, $limit) = @_;
    my (@found, $cursor);
    do {
        my $page = $client->get('/api/racks/available', query => { limit => $limit, $cursor ? (cursor => $cursor) : () })->data;
        cmp_ok scalar @{ $page->{items} }, '<=', $limit, 'a page has what was asked for';
        push @found, @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while $cursor;
    return @found;
}

subtest 'racks that are assigned' => sub {
    is_deeply [map { $_->{rack_id} } walk($ben, 7)], \@racks, 'by id while nobody says otherwise';
    is $boss->request(PUT => "/api/sessions/$count/assignments", json => { assignments => [map { { rack_id => $_, user_id => $ben->user_id } } $last, $second] })->status, 200, 'two are assigned';
    for my $limit (2, 3, 500) {
        my @ids = map { $_->{rack_id} } walk($ben, $limit);
        is_deeply [sort @ids], \@racks, "each once, by pages of $limit";
        is_deeply [@ids[0 .. ($limit > 2 ? 1 : 0)]], [($second, $last)[0 .. ($limit > 2 ? 1 : 0)]], 'the own ones first';
    }
    my @of_asha = walk($asha, 500);
    is_deeply [map { $_->{rack_id} } @of_asha], \@racks, 'others see them in their place';
    is_deeply plain($of_asha[-1]{assigned_to}), { user_id => $ben->user_id, full_name => $ben->user->{full_name} }, 'and whose they are';
    my $claimed = $asha->post("/api/racks/$last/claim", {});
    is $claimed->status, 200, 'who claims one all the same gets it' or diag $claimed->text;
    is $claimed->data->{assigned_to}{user_id}, $ben->user_id, 'and is told';
    is $ben->post("/api/racks/$second/claim", {})->data->{assigned_to}, undef, 'whose it is is told nothing';
    is $ben->post("/api/racks/$racks[0]/claim", {})->data->{assigned_to}, undef, 'nor who takes one of nobody';
    is_deeply [map { $_->{rack_id} } walk($ben, 500)], [grep { $_ ne $last && $_ ne $second && $_ ne $racks[0] } @racks], 'what is claimed is not shown';
};

subtest 'an old edit that comes again' => sub {
    my ($session) = map { $_->{session_id} } grep { $_->{rack_id} eq $last } @{ $asha->get('/api/racks/user/active')->data };
    my %record = (client_record_id => 'again', session_id => $session, item_code => $items[0], status => 'finalized', created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z');
    my $sent = sub { return $asha->post('/api/sync/batch', { records => [{ %record, @_ }] })->data };
    is_deeply $sent->(verified_qty => 5, revision => 2)->{ok}, ['again'], 'the newer edit';
    is $sent->(verified_qty => 4, revision => 1)->{conflicts}[0]{type}, 'stale_update', 'the older one behind it';
    my $bars = sub { return [grep { $_->{reason} eq 'conflict' } @{ $boss->get("/api/sessions/$count/review")->data->{blocked_by} }] };
    is_deeply $bars->(), [], 'bars no approval: the newer one is stored';
    is scalar @{ $asha->get('/api/sync/conflicts', query => { status => 'open' })->data->{items} }, 1, 'though its owner still sees it';
    is $sent->(verified_qty => 6, revision => 2)->{conflicts}[0]{type}, 'stale_update', 'another content of the same order';
    is scalar @{ $bars->() }, 1, 'is for somebody to decide';
};

subtest 'a tolerance that asks' => sub {
    my $stream = StockVerify::Events->open($stack, $boss, topics => 'global:notifications')->ready;
    my ($rack) = $racks[3];
    my $strict = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], name => 'Tolerance', tolerance => { quantity => 1 } })->data->{session_id};
    my $session = $asha->post("/api/racks/$rack/claim", { count_id => $strict })->data->{session_id};
    my ($item) = map { $_->{item_code} } @{ $asha->get("/api/racks/$rack/items")->data->{items} };
    wait_until { ($stack->mongo->find(sessions => { session_id => $strict, book_state => 'frozen' }))[0] };
    $stack->mongo->update(session_book => { session_id => $strict, item_code => $item }, { '$set' => { system_qty => { '$numberDecimal' => '100' } } });
    $asha->post('/api/sync/batch', { records => [{ client_record_id => 'far-off', session_id => $session, item_code => $item, verified_qty => 7, status => 'finalized',
        created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' }] });
    $asha->post("/api/sessions/$session/complete");
    my $event;
    do { $event = $stream->next } until !$event || $event->{type} eq 'recount.asked';
    is_deeply [@$event{qw(id warehouse)}], [$strict, $warehouse], 'is told, to people of the warehouse';
    is_deeply [@{ $boss->get("/api/sessions/$strict")->data->{tolerance} }{qw(percent quantity value)}], [undef, 1, undef], 'which supervisors see on the count';
    is $boss->get("/api/sessions/$count")->data->{tolerance}, undef, 'as they see that there is none';
    is exists $asha->get("/api/sessions/$strict")->data->{tolerance}, '', 'and nobody else';
};

subtest 'a count that is cancelled' => sub {
    my $answer = $boss->post('/api/sessions/bulk/close', { session_ids => [$count], force => \1, reason => 'The hall is flooded' });
    ok $answer->data->{results}[0]{success}, 'closed' or diag $answer->text;
    is_deeply [@{ $boss->get("/api/sessions/$count")->data }{qw(status close_reason)}], ['CLOSED', 'The hall is flooded'], 'with the reason';
    my ($entry) = $stack->mongo->find(activity_logs => { action => 'count.close', count_id => $count });
    is $entry->{details}{reason}, 'The hall is flooded', 'in the trail, too';
    is $boss->post('/api/sessions/bulk/close', { session_ids => [$count], reason => 5 })->status, 422, 'a reason is a text';
};

done_testing;
