# Polling while people sync: by `after` and by `since` nothing is missed that was acknowledged.
use lib 't/lib';
use StockVerify::Test;

my ($PHONES, $ROUNDS, $BATCH) = (6, 12, 12);
my $stack = start_stack(settings => { SYNC_RATE_LIMIT => 0 });
my $boss = $stack->login('supervisor');
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} ne 'true' } $stack->demo('items');
my @phones = map { { client => $stack->login('staff'), number => $_ } } 1 .. $PHONES;
my (%acknowledged, %by_after, %by_since, @faults);

for my $phone (@phones) {
    my $claim = $phone->{client}->post('/api/racks/' . $stack->rack . '/claim', {});
    is $claim->status, 200, "phone $phone->{number} has a rack" or diag $claim->text;
    @$phone{qw(session count after)} = (@{ $claim->data }{qw(session_id count_id)}, 0);
}
my $since = '2020-01-01T00:00:00Z';

sub batch {
    my ($phone, $round) = @_;
    my @records = map { {
        client_record_id => "p$phone->{number}-$round-$_", session_id => $phone->{session}, verified_qty => $_,
        item_code => $items[($round * $BATCH + $_) % @items], status => 'finalized', partial => \1,
        created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z',
    } } 1 .. $BATCH;
    return [$phone->{client}, POST => '/api/sync/batch', json => { records => \@records }];
}

sub take_after {
    my ($phone, $answer) = @_;
    my ($page, %last) = ($answer->data);
    my @seqs = map { $_->{seq} } @{ $page->{items} };
    push @faults, 'out of order: ' . join ' ', @seqs if join(' ', @seqs) ne join ' ', sort { $a <=> $b } @seqs;
    push @faults, "given again: $_->{client_record_id}" for grep { $by_after{ $_->{client_record_id} }++ } @{ $page->{items} };
    $phone->{after} = $page->{next_after};
}

sub poll_since {
    my ($cursor, $next);
    do {
        my $page = $boss->get("/api/sessions/$phones[0]{count}/records",
            query => { since => $since, limit => 200, $cursor ? (cursor => $cursor) : () })->data;
        $by_since{ $_->{client_record_id} }++ for @{ $page->{items} };
        push @faults, 'next_since changes in a walk' if defined $next && $next ne $page->{next_since};
        ($cursor, $next) = @$page{qw(next_cursor next_since)};
    } while ($cursor);
    $since = $next;
}

for my $round (1 .. $ROUNDS) {
    my @answers = $stack->parallel(
        (map { batch($_, $round) } @phones),
        (map { [$boss, GET => "/api/sessions/$_->{session}/records", query => { after => $_->{after}, limit => 5 }] } @phones),
    );
    for my $answer (@answers[0 .. $PHONES - 1]) {
        $acknowledged{$_} = 1 for @{ $answer->data->{ok} };
    }
    take_after($phones[$_], $answers[$PHONES + $_]) for 0 .. $PHONES - 1;
    poll_since();
}
for my $phone (@phones) {
    my $more = 1;
    for (my $page = 0; $more && $page < 1000; $page++) {
        my $answer = $boss->get("/api/sessions/$phone->{session}/records", query => { after => $phone->{after}, limit => 5 });
        take_after($phone, $answer);
        $more = $answer->data->{more};
    }
}
poll_since();

is scalar keys %acknowledged, $PHONES * $ROUNDS * $BATCH, 'all were stored';
is_deeply [grep { !$by_after{$_} } sort keys %acknowledged], [], 'by after all were seen';
is_deeply [grep { !$by_since{$_} } sort keys %acknowledged], [], 'by since too';
is_deeply \@faults, [], 'in order, and by after each once';

my $session = $phones[0]{session};
my $records = "/api/sessions/$session/records";
my $page = $boss->get($records, query => { after => 0, limit => 1 })->data;
is scalar @{ $page->{items} }, $BATCH, 'what one batch wrote stays together';
is $boss->get($records, query => { after => 0, since => $since })->code, 'parameter_invalid', 'after and since are two ways';
is $boss->get("/api/sessions/$phones[0]{count}/records", query => { after => 0 })->code, 'parameter_invalid', 'a count has no seq';
my $last = $boss->get($records, query => { after => $phones[0]{after} })->data;
is_deeply [$last->{items}, $last->{more}], [[], JSON::PP::false], 'nothing new';
is $last->{next_after}, $phones[0]{after}, 'and nothing to go on from';

# A mark is a change too: what somebody's recount replaces comes again, with a new seq.
subtest 'a mark raises the seq of its own session' => sub {
    my $rack = $stack->rack;
    my ($first, $second) = map { $_->{client} } @phones[0, 1];
    my $claim = $first->post("/api/racks/$rack/claim", {})->data;
    my %figure = (item_code => $items[0], status => 'finalized', created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z');
    $first->post('/api/sync/batch', { records => [{ %figure, client_record_id => 'mark-1', session_id => $claim->{session_id}, verified_qty => 4 }] });
    my $before = $boss->get("/api/sessions/$claim->{session_id}/records", query => { after => 0 })->data;
    is $first->post("/api/sessions/$claim->{session_id}/complete")->status, 200, 'completed';
    my $again = $second->post("/api/racks/$rack/claim", { recount => \1 })->data;
    my $sync = $second->post('/api/sync/batch', { records => [{ %figure, client_record_id => 'mark-2', session_id => $again->{session_id}, verified_qty => 5 }] });
    is_deeply $sync->data->{ok}, ['mark-2'], 'counted anew' or diag $sync->text;
    my $after = $boss->get("/api/sessions/$claim->{session_id}/records", query => { after => $before->{next_after} })->data;
    is_deeply [map { $_->{client_record_id} } @{ $after->{items} }], ['mark-1'], 'the first figure is told again';
};

done_testing;
