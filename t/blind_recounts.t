#!/usr/bin/perl
# Blind lasts through recounts: who is asked to count again what another counted, by the count's tolerance or by a supervisor,
# while the count is open and while it is reconciled, learns nowhere what the books say, how far the other was from them, or
# what the other counted; neither do those who only look on.
use lib 't/lib';
use StockVerify::Contract;
use StockVerify::Events;
use StockVerify::Test;
use Mojo::JSON ();
use Mojo::Util 'url_escape';

# What stands nowhere else: the books end in it, another's figures are made of it, and their difference would show it.
my ($BOOK, $OTHERS) = ('7310.432119', 6271.828455);
my $MARKS = qr/432119|567881|828455|171545|603664|396336/;

my $stack = start_stack(settings => { WORKER_TOTALS_INTERVAL => 100, SYNC_RATE_LIMIT => 0 });
my $mongo = $stack->mongo;
my ($asha, $ben, $chitra) = map { $stack->login('staff') } 1 .. 3;
my ($sue, $admin) = ($stack->login('supervisor'), $stack->login('admin'));
my $warehouse = $asha->user->{warehouse};
my @routes = StockVerify::Contract->new('.')->routes;

my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my %here = map { ($_->{rack_id} => 1) } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
my %expected;
push @{ $expected{ $_->{rack_id} } }, $_->{item_code} for grep { $here{ $_->{rack_id} } && !$serial{ $_->{item_code} } } $stack->demo('expected');
my ($rack, $second) = grep { @{ $expected{$_} } >= 2 } sort keys %expected;
my ($item, $item2) = @{ $expected{$rack} };

my $decimal = qq({"\$numberDecimal": "$BOOK"});
for (['rack_items', 'book_qty', $decimal], ['item_stock', 'book_qty', $decimal], ['erp_items', 'stock_qty', $decimal], ['erp_items', 'stocks', qq([{"warehouse": "$warehouse", "qty": $decimal}])]) {
    my ($collection, $field, $value) = @$_;
    $mongo->run(qq({"update": "$collection", "updates": [{"q": {}, "u": {"\$set": {"$field": $value}}, "multi": true}]}));
}
$mongo->run(update => 'warehouses', updates => [{ q => { warehouse => $warehouse }, u => { '$set' => { rack_books => \1 } }, upsert => \1 }]);
my $count = $sue->post('/api/sessions', { warehouse => $warehouse, racks => [$rack, $second], blind => \1, name => 'Blind', tolerance => { quantity => 1, different_user => \1 } })->data->{session_id};
wait_until { $sue->get("/api/sessions/$count")->data->{book_state} eq 'frozen' } 30, 'the book';

my ($n, $answers, %leaks) = (0, 0);
$stack->{ua}->on(start => sub {
    my (undef, $tx) = @_;
    my $bearer = $tx->req->headers->authorization // '';
    return unless grep { $bearer eq 'Bearer ' . $_->token } $asha, $chitra;
    $tx->on(finish => sub {
        $answers++;
        my ($leak) = join("\n", $tx->res->headers->to_string, $tx->res->body) =~ /(.{0,60}(?:$MARKS).{0,20})/s;
        $leaks{ join ' ', $tx->req->method, $tx->req->url->path, $leak }++ if defined $leak;
    });
});

sub record {
    my ($session, $code, $qty, %member) = @_;
    my $at = '2026-01-05T08:00:00Z';
    return { client_record_id => 'again-' . ++$n, session_id => $session, item_code => $code, verified_qty => $qty, status => 'finalized', created_at => $at, updated_at => $at, %member };
}

# Ben counts what nobody is to hear of.
sub ben_counts {
    my ($on, @codes) = @_;
    my $session = $ben->post("/api/racks/$on/claim", { count_id => $count })->data->{session_id};
    my $sent = $ben->post('/api/sync/batch', { records => [map { record($session, $_, $OTHERS, client_record_id => "ben-$on-$_") } @codes] });
    is scalar @{ $sent->data->{ok} }, scalar @codes, 'another counts' or diag $sent->text;
    is $ben->post("/api/sessions/$session/complete")->status, 200, 'and is done';
    return $session;
}

sub await_totals { return wait_until { !$mongo->count('touched_items', {}) } 30, 'the totals' }

# Everything that can be read, by who counts again and by who looks on: what is theirs, and what is refused.
sub look_around {
    my ($who, $mine, $bens) = @_;
    my %value = (rack_id => $rack, item_code => $item, code => $item, id => $mine, job_id => 'none', serial => 'NONE', client_photo_id => 'none');
    for my $route (grep { $_->{method} eq 'GET' && $_->{id} ne 'events' } @routes) {
        for my $id ($mine, $bens, $count) {
            my $path = $route->{path} =~ s/\{(\w+)\}/url_escape($1 eq 'id' ? $id : $value{$1} \/\/ $id)/ger;
            my $answer = $who->get($path, query => $route->{id} eq 'items_search' ? { q => $item } : {});
            cmp_ok $answer->status, '<', 500, "$route->{id} is answered" or diag $answer->text;
            is $answer->status, 403, "$route->{id} is not theirs to read" if $route->{role} eq 'supervisor' || $route->{role} eq 'admin';
            last if $path !~ /\Q@{[ url_escape($mine) ]}\E/;
        }
    }
    for my $query ({ q => 'a' }, { count_id => $count }, { session_id => $bens }) { $who->get($_, query => $query) for '/api/erp/items', '/api/sync/conflicts', '/api/erp/items/variances' }
    return;
}

# Counting again, well and badly: each answer may tell nothing.
sub count_again {
    my ($who, $on, $bens, @codes) = @_;
    my $claim = $who->post("/api/racks/$on/claim", { count_id => $count, recount => \1 });
    is $claim->status, 200, 'the recount is taken' or diag $claim->text;
    ok $claim->data->{blind}, 'blind';
    my $session = $claim->data->{session_id};
    look_around($who, $session, $bens);
    my @bad = (record($session, $codes[0], -1), record($session, $codes[0], 5, damage_qty => 9e8), record($session, $codes[0], 5, replaces => ["ben-$on-$codes[0]"]), record($session, $codes[0], 5, client_record_id => "ben-$on-$codes[0]"),
        record($bens, $codes[0], 5), record($session, $codes[0], 3), record($session, $codes[0], 2, partial => \1));
    $who->post('/api/sync/batch', { records => [record($session, $_, 5)] }) for @codes;
    $who->post('/api/sync/batch', { records => \@bad });
    $who->patch("/api/erp/items/$codes[0]/verify", { session_id => $session, verified_qty => 6, variance_confirmed => \1 });
    $who->post("/api/racks/$on/$_", { session_id => $session }) for qw(pause resume empty);
    $who->post("/api/sync/conflicts/$_->{conflict_id}/resolve", { action => 'merge' }) for @{ $who->get('/api/sync/conflicts', query => { status => 'open' })->data->{items} };
    await_totals();
    look_around($who, $session, $bens);
    is $who->post("/api/sessions/$session/complete", { records => 99 })->status, 409, 'some are missing, they say';
    is $who->post("/api/sessions/$session/complete")->status, 200, 'and it is done';
    await_totals();
    look_around($_, $session, $bens) for $who, $chitra;
    return;
}

my $stream = StockVerify::Events->open($stack, $asha, topics => 'rack:updates:*,session:updates:*,global:notifications,floor')->ready;

subtest 'a recount that the tolerance asked for' => sub {
    my $bens = ben_counts($rack, $item, $item2);
    await_totals();
    my ($asked) = @{ $sue->get("/api/sessions/$count/recounts")->data->{recounts} };
    is_deeply [@$asked{qw(rack_id asked_by)}], [$rack, undef], 'it asked';
    like $sue->get("/api/sessions/$count/review")->body, $MARKS, 'a supervisor sees why';
    look_around($chitra, $bens, $bens);
    is $ben->post("/api/racks/$rack/claim", { recount => \1 })->code, 'recount_other_user', 'not Ben';
    count_again($asha, $rack, $bens, $item, $item2);
};

subtest 'a recount that a supervisor asked for, of a count that is reconciled' => sub {
    my $bens = ben_counts($second, @{ $expected{$second} }[0, 1]);
    await_totals();
    ok $sue->post('/api/sessions/bulk/reconcile', { session_ids => [$count] })->data->{results}[0]{success}, 'reconciled';
    look_around($_, $bens, $bens) for $asha, $chitra;
    my $asked = $sue->post("/api/sessions/$count/recounts", { racks => [$second], different_user => \1 });
    is $asked->status, 200, 'asked for' or diag $asked->text;
    count_again($asha, $second, $bens, @{ $expected{$second} }[0, 1]);
    is $asha->post("/api/racks/$second/claim", { recount => \1 })->code, 'session_closed', 'there is no other';
};

subtest 'what was told' => sub {
    cmp_ok $answers, '>', 400, "$answers answers";
    is_deeply \%leaks, {}, 'none carries a book, a variance, or what another counted';
    my (@events, %type);
    while (my $event = $stream->next(undef, 1)) { push @events, $event; $type{ $event->{type} }++ }
    is_deeply [grep { !$type{$_} } qw(rack.claimed rack.completed recount.asked count.reconciling)], [], 'events were heard' or diag explain \%type;
    unlike Mojo::JSON::encode_json(\@events), $MARKS, 'nor do they';
};

$stack->finish;
done_testing;
