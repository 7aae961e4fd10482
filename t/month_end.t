#!/usr/bin/perl
# Counting over a month's end, while stock moves: what came before somebody counted is in the book that it is compared with,
# what came after is not; the month that is over takes its own late work and stays what it was.
use lib 't/lib';
use POSIX 'strftime';
use StockVerify::Test;

my $stack = start_stack(settings => { WORKER_TOTALS_INTERVAL => 100 });
my $mongo = $stack->mongo;
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my $DAY = 86_400;

sub at { my ($days, $seconds) = @_; return strftime '%Y-%m-%dT%H:%M:%SZ', gmtime time + $days * $DAY + ($seconds // 0) }

my $files = File::Temp->newdir;
sub import_file {
    my ($what, $text, @options) = @_;
    my ($out, $status) = $stack->ctl([$what, 'import', @options, write_file("$files/$what.csv", $text)]);
    is $status, 0, "$what are imported" or BAIL_OUT($out);
    return;
}

sub moved { my ($id, $item, $qty, $when) = @_; return import_file(movements => "movement_id,item_code,warehouse,qty,moved_at\n$id,$item,$warehouse,$qty,$when\n") }

my $n = 0;
sub record {
    my ($session, $item, $qty, %member) = @_;
    return { client_record_id => 'm' . ++$n, session_id => $session, item_code => $item, verified_qty => $qty, status => 'finalized', created_at => at(0), updated_at => at(0), %member };
}

sub counted {
    my ($who, @records) = @_;
    my $sent = $who->post('/api/sync/batch', { records => \@records });
    return is_deeply $sent->data->{ok}, [map { $_->{client_record_id} } @records], 'it is counted' || diag $sent->text;
}

sub variance {
    my ($count, $item) = @_;
    my ($cursor, $page);
    do {
        $page = $sue->get('/api/erp/items/variances', query => { count_id => $count, min_qty => 0, limit => 500, $cursor ? (cursor => $cursor) : () })->data;
        my ($line) = grep { $_->{item_code} eq $item } @{ $page->{items} };
        return $line->{variance} if $line;
        $cursor = $page->{next_cursor};
    } while $cursor;
    return;
}

sub comes_to {
    my ($count, $item, $wanted, $what) = @_;
    my $is = sub { my $variance = variance($count, $item); return defined $variance && $variance == $wanted };
    wait_until { $is->() } 30, $what;
    # and stays so when all that was touched is derived
    wait_until { !$mongo->count('touched_items', {}) } 30, 'the totals to be at rest';
    return ok $is->(), $what;
}

import_file(items => "item_code,item_name,warehouse,stock_qty,unit_cost\nME-1,Counted then moved,$warehouse,100,2\nME-2,Moved then counted,$warehouse,100,2\nME-3,In the standing count,$warehouse,100,2\n");

subtest 'an opened count' => sub {
    my $count = $sue->post('/api/sessions', { warehouse => $warehouse, name => 'Half-year' })->data->{session_id};
    wait_until { $sue->get("/api/sessions/$count")->data->{book_state} eq 'frozen' } 30, 'its book';
    # It was opened before the month's end.
    my $then = at(-35);
    $mongo->run(qq({"update": "session_book", "updates": [{"q": {"session_id": "$count"}, "u": {"\$set": {"frozen_at": {"\$date": "$then"}}}, "multi": true}]}));
    moved('before', 'ME-2', 30, at(-32));
    my $session = $asha->post('/api/racks/' . $stack->rack . '/claim', { count_id => $count })->data->{session_id};
    counted($asha, record($session, 'ME-1', 90), record($session, 'ME-2', 120));
    is $asha->post("/api/sessions/$session/complete")->status, 200, 'the rack is done';
    comes_to($count, 'ME-1', -10, '100 book, 90 counted');
    comes_to($count, 'ME-2', -10, '100 book and 30 that came over the month\'s end, 120 counted');
    moved('after', $_, 20, at(0, 60)) for 'ME-1';
    moved('after-2', $_, 20, at(0, 60)) for 'ME-2';
    import_file(items => "item_code,warehouse,stock_qty\nME-1,$warehouse,120\nME-2,$warehouse,150\n");
    comes_to($count, $_, -10, "$_: what moved after the count, and is in the books now, changes nothing") for 'ME-1', 'ME-2';
    is_deeply [map { $sue->get("/api/erp/items/$_", query => { warehouse => $warehouse })->data->{stock_qty} } 'ME-1', 'ME-2'], [120, 150], 'the books say what is there now';
    $sue->post('/api/sessions/bulk/close', { session_ids => [$count], force => \1 });
};

subtest 'the standing count' => sub {
    my ($rack, $other) = ($stack->rack, $stack->rack);
    $mongo->run(update => 'warehouses', updates => [{ q => { warehouse => $warehouse }, u => { '$set' => { rack_books => \1 } }, upsert => \1 }]);
    $mongo->run(qq({"insert": "rack_items", "documents": [{"rack_id": "$rack", "item_code": "ME-3", "book_qty": {"\$numberDecimal": "100"}}]}));
    my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
    my $old = $claim->{count_id};
    counted($asha, record($claim->{session_id}, 'ME-3', 80));

    # The month ends; deleted and inserted anew, because the development server frees a unique key by deletion only, and
    # not while a worker derives something of it.
    wait_until { !$mongo->count('touched_items', { count_id => $old }) } 30, 'its totals';
    my $standing = $mongo->find_one(sessions => { session_id => $old });
    delete $standing->{_id};
    $mongo->run(delete => 'sessions', deletes => [{ q => { session_id => $old }, limit => 1 }]);
    $mongo->run(insert => 'sessions', documents => [{ %$standing, period => '2000-01', ends_at => { '$date' => '2000-02-01T00:00:00Z' } }]);
    my $new = $ben->post("/api/racks/$other/claim", {})->data->{count_id};
    isnt $new, $old, 'who claims now counts in the new month';
    is $sue->get("/api/sessions/$old")->data->{status}, 'RECONCILE', 'the old one is to be reviewed';
    counted($asha, record($claim->{session_id}, 'ME-3', 90, client_record_id => "m$n", updated_at => at(0, 1)));
    is $asha->post("/api/sessions/$claim->{session_id}/complete")->status, 200, 'and takes the late work of its own sessions';
    comes_to($old, 'ME-3', -10, '100 book, 90 counted, in the month that is over');

    moved('standing', 'ME-3', 20, at(0, 60));
    $mongo->run(qq({"update": "rack_items", "updates": [{"q": {"rack_id": "$rack", "item_code": "ME-3"}, "u": {"\$set": {"book_qty": {"\$numberDecimal": "120"}}}}]}));
    wait_until { $ben->get("/api/racks/$rack/status")->data->{status} eq 'available' } 30, 'its rack to be free in the new month';
    my $again = $ben->post("/api/racks/$rack/claim", {})->data;
    is $again->{count_id}, $new, 'where it is counted again';
    counted($ben, record($again->{session_id}, 'ME-3', 115));
    is $ben->post("/api/sessions/$again->{session_id}/complete")->status, 200, 'and completed, which is what it is compared for';
    comes_to($new, 'ME-3', -5, '120 book, 115 counted, in the new month');
    comes_to($old, 'ME-3', -10, 'the old month stays as it was');
};

done_testing;
