#!/usr/bin/perl
# What a rack's items tell whoever goes on with its round: what was counted already, by whom, and no more where it is blind.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my %on_rack;
push @{ $on_rack{ $_->{rack_id} } }, $_->{item_code} for $stack->demo('expected');
my ($rack) = sort { @{ $on_rack{$b} } <=> @{ $on_rack{$a} } || $a cmp $b } keys %on_rack;
my @expected = sort @{ $on_rack{$rack} };
my %is_expected = map { ($_ => 1) } @expected;
my %is_serial = map { ($_->{item_code} => 1) } grep { ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i } $stack->demo('items');
my @plain = grep { !$is_serial{$_} } @expected;
my ($found) = grep { !$is_expected{$_} && !$is_serial{$_} } map { $_->{item_code} } $stack->demo('items');

my $n = 0;
sub record {
    my ($session, $item, $quantity, %member) = @_;
    return { client_record_id => 'c' . ++$n, session_id => $session, item_code => $item, verified_qty => $quantity, status => 'finalized',
             created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %member };
}

sub sync {
    my ($user, @records) = @_;
    my $answer = $user->post('/api/sync/batch', { records => \@records });
    is_deeply $answer->data->{ok}, [map { $_->{client_record_id} } @records], 'stored' or diag $answer->text;
}

sub items    { my ($user, %query) = @_; return $user->get("/api/racks/$rack/items", query => { limit => 500, %query })->data }
sub of_item  { my ($data, $code) = @_; return (grep { $_->{item_code} eq $code } @{ $data->{items} })[0] }
sub claim    { my ($user, %member) = @_; return $user->post("/api/racks/$rack/claim", \%member)->data->{session_id} }

my $untouched = items($asha);
is_deeply [@$untouched{qw(count_id round)}], [undef, undef], 'a rack that nobody claimed has no round';
is_deeply [map { @{ $_->{counted_by} } } @{ $untouched->{items} }], [], 'nothing is counted';

my $first = claim($asha);
my $part = record($first, $plain[0], 40, partial => \1, lot => 'L7', damage_qty => 2);
my $stray = record($first, $found, 7777.25);
sync($asha, $part, $stray);

subtest 'what the round has' => sub {
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    my $theirs = claim($ben);
    my $data = items($ben);
    is $data->{round}, 1, 'the round goes on';
    is $data->{count_id}, $ben->get("/api/sessions/$theirs")->data->{count_id}, 'of the count';
    my $item = of_item($data, $plain[0]);
    ok $item->{expected}, 'expected';
    my ($figure) = @{ $item->{counted_by} };
    like delete $figure->{changed_at}, qr/^\d{4}-.*Z$/, 'when';
    is_deeply $figure, { client_record_id => $part->{client_record_id}, session_id => $first, user_id => $asha->user_id, full_name => $asha->user->{full_name},
        lot => 'L7', partial => JSON::PP::true(), declared_empty => JSON::PP::false(), verified_qty => 40, damage_qty => 2, non_returnable_damaged_qty => 0 },
        'a part, by whom, and how much';
    my $unexpected = of_item($data, $found);
    ok $unexpected && !$unexpected->{expected} && !$unexpected->{deleted}, 'what nobody expected is there too';
    is $unexpected->{counted_by}[0]{verified_qty}, 7777.25, 'with its figure';
    ok defined $unexpected->{item_name}, 'and its name';
    my $more = record($theirs, $plain[0], 10, partial => \1);
    sync($ben, $more);
    is_deeply [map { $_->{verified_qty} } @{ of_item(items($ben), $plain[0])->{counted_by} }], [40, 10], 'parts stand beside each other';
};

subtest 'page by page' => sub {
    my $all = items($ben);
    for my $limit (1, 2, 3) {
        my (@met, $cursor);
        do {
            my $page = items($ben, limit => $limit, $cursor ? (cursor => $cursor) : ());
            cmp_ok scalar @{ $page->{items} }, '<=', $limit, "at most $limit";
            push @met, @{ $page->{items} };
            $cursor = $page->{next_cursor};
        } while $cursor && @met < 1000;
        is_deeply \@met, $all->{items}, 'together they are the list';
    }
};

subtest 'what is new' => sub {
    my $whole = $ben->get("/api/racks/$rack/items");
    my $etag = $whole->header('ETag');
    is $ben->get("/api/racks/$rack/items", headers => { 'If-None-Match' => $etag })->status, 304, 'nothing new';
    my $late = claim($ben);
    sync($ben, { %{ record($late, $plain[1], 5) }, client_record_id => 'later' });
    is $ben->get("/api/racks/$rack/items", headers => { 'If-None-Match' => $etag })->status, 200, 'a figure is something new';
    my $moment = of_item(items($ben), $plain[1])->{counted_by}[0]{changed_at};
    is_deeply [map { $_->{item_code} } @{ items($ben, since => $moment)->{items} }], [$plain[1]], 'since then, this one';
    sync($ben, { %{ record($late, $plain[1], 5) }, client_record_id => 'later', status => 'void', updated_at => '2026-01-05T09:00:00Z' });
    my ($item) = @{ items($ben, since => $moment)->{items} };
    is_deeply [@$item{qw(item_code expected deleted counted_by)}], [$plain[1], JSON::PP::true(), JSON::PP::false(), []], 'withdrawn: told since then as well';
    # Asha's session was displaced by Ben's: only a supervisor ends what it counted, so Ben replaces it.
    sync($ben, record($late, $found, 1, replaces => [$stray->{client_record_id}], client_record_id => 'instead'));
    is_deeply [map { $_->{client_record_id} } @{ of_item(items($ben), $found)->{counted_by} }], ['instead'], 'what was replaced counts no more';
    sync($ben, record($late, $found, 1, status => 'void', updated_at => '2026-01-05T09:00:00Z', client_record_id => 'instead'));
    is_deeply [map { $_->{client_record_id} } @{ of_item(items($ben), $found)->{counted_by} }], [$stray->{client_record_id}], 'until that is withdrawn';
};

subtest 'another round' => sub {
    my $session = claim($ben);
    is $ben->post("/api/sessions/$session/complete")->status, 200, 'completed';
    is scalar @{ of_item(items($ben), $plain[0])->{counted_by} }, 2, 'which is still the present round';
    claim($ben, recount => \1);
    my $data = items($ben);
    is $data->{round}, 2, 'a recount';
    is_deeply [map { @{ $_->{counted_by} } } @{ $data->{items} }], [], 'has nothing yet';
    ok !of_item($data, $found), 'nor what was found';
    is $ben->post("/api/racks/$rack/release", {})->status, 200, 'released';
};

subtest 'blind' => sub {
    my $warehouse = $sue->get("/api/racks/$rack/status")->data->{warehouse} // $asha->user->{warehouse};
    my $count = $sue->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], blind => \1 });
    is $count->status, 201, 'a blind count' or diag $count->text;
    my $mine = claim($asha);
    sync($asha, record($mine, $plain[0], 7777.25, damage_qty => 55.5, partial => \1), record($mine, $found, 7777.25));
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    my $empty = claim($asha);
    is $asha->post("/api/racks/$rack/empty", { session_id => $empty, item_codes => [$plain[1]] })->status, 200, 'and one declares that something is not there';
    is of_item($asha->get("/api/racks/$rack/items")->data, $plain[1])->{counted_by}[0]{declared_empty}, JSON::PP::true(), 'who did is told so';
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    my $theirs = claim($ben);
    sync($ben, record($theirs, $plain[0], 3, partial => \1));
    my $answer = $ben->get("/api/racks/$rack/items");
    unlike $answer->body, qr/7777|55\.5/, 'no quantity of another';
    my ($others, $own) = @{ of_item($answer->data, $plain[0])->{counted_by} };
    is_deeply [@$others{qw(user_id full_name verified_qty)}], [$asha->user_id, $asha->user->{full_name}, undef], 'but by whom';
    is $own->{verified_qty}, 3, 'one\'s own is seen';
    is_deeply of_item($answer->data, $plain[1])->{counted_by}, [], 'a zero that another declared is a quantity, too';
    is scalar @{ of_item($answer->data, $found)->{counted_by} }, 1, 'what was found is there';
    like $sue->get("/api/racks/$rack/items")->body, qr/7777\.25/, 'a supervisor sees all';
    is $sue->post('/api/sessions/bulk/close', { session_ids => [$count->data->{session_id}], force => \1 })->status, 200, 'closed';
    is items($asha)->{round}, undef, 'a count that is over has no round';
};

done_testing;
