#!/usr/bin/perl
# GET /api/erp/items/variances: lines, filters, order, pages and sums.
use lib 't/lib';
use List::Util qw(sum0);
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $at = '2026-01-05T08:00:00Z';
my @racks = $stack->demo('racks');
my $warehouse = $racks[0]{warehouse};
my @floors = do { my %seen; grep { !$seen{$_}++ } map { $_->{floor} } grep { $_->{warehouse} eq $warehouse } @racks };
my ($first, $second) = map { my $floor = $_; (grep { $_->{warehouse} eq $warehouse && $_->{floor} eq $floor } @racks)[0]{rack_id} } @floors[0, 1];
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i && $_->{warehouse} eq $warehouse } $stack->demo('items');
my ($less, $more, $same, $boxes) = @items[0 .. 3];
is +($stack->ctl(['warehouses', 'set', $warehouse, '--currency', 'INR']))[1], 0, 'the warehouse has a currency';

sub variances {
    my (%query) = @_;
    my $answer = $boss->get('/api/erp/items/variances', query => \%query);
    is $answer->status, 200, join(' ', 'variances', map { "$_=$query{$_}" } sort keys %query) or diag $answer->text;
    return $answer->data;
}
sub codes { my ($data) = @_; return [map { $_->{item_code} } @{ $data->{items} }] }

# A count of the whole warehouse, of which five items are counted.
$stack->mongo->run(qq({"update": "erp_items", "updates": [{"q": {"item_code": "$boxes"}, "u": {"\$set": {"uom": "BOX", "category": "boxed goods"}}}]}));
my $count = $boss->post('/api/sessions', { warehouse => $warehouse, name => 'All' })->data->{session_id};
wait_until { ($stack->mongo->find(sessions => { session_id => $count, book_state => 'frozen' }))[0] };
my %book = map { ($_->{item_code} => $_) } @{ plain([$stack->mongo->find(session_book => { session_id => $count })]) };
my %change = ($less => -3, $more => 5, $same => 0, $boxes => 2);

sub count_items {
    my ($user, $rack, %quantity) = @_;
    my $session = $user->post("/api/racks/$rack/claim", { count_id => $count })->data->{session_id};
    my @records = map { { client_record_id => "$rack-$_", session_id => $session, item_code => $_, verified_qty => $quantity{$_}, status => 'finalized',
        created_at => $at, updated_at => $at } } sort keys %quantity;
    my $data = $user->post('/api/sync/batch', { records => \@records })->data;
    is scalar @{ $data->{ok} }, scalar @records, "$rack is counted";
    return $session;
}
sub derived { my ($lines, $state) = @_; return wait_until { $lines == grep { ($_->{state} // '') eq $state } $stack->mongo->find(session_book => { session_id => $count, counted => { '$ne' => undef } }) } }
my $of_asha = count_items($asha, $first, map { ($_ => $book{$_}{system_qty} + $change{$_} - ($_ eq $more ? 4 : 0)) } keys %change);
my $of_ben = count_items($ben, $second, $more => 4, 'no-such-item' => 7);
my %row;

subtest 'what is counted in part' => sub {
    ok derived(5, 'incomplete'), 'the totals are derived';
    my $data = variances(count_id => $count, sort => '-counted_at', min_qty => 0);
    my %line = map { ($_->{item_code} => $_) } @{ $data->{items} };
    is_deeply [map { [@{ $line{$_} }{qw(state variance variance_value)}] } $less, 'no-such-item'], [(['incomplete', undef, undef]) x 2], 'is not compared with the whole';
    is $line{$less}{verified_qty}, $book{$less}{system_qty} - 3, 'what was counted so far is told';
    is_deeply [@{ $data->{totals} }{qw(incomplete unknown_book)}], [5, 0], 'and how many lines there are of the kind';
    is variances(count_id => $count, min_qty => 1)->{totals}{lines}, 0, 'none of them is as large as asked for';
    is $_->[0]->post("/api/sessions/$_->[1]/complete")->status, 200, 'the rack is completed' for [$asha, $of_asha], [$ben, $of_ben];
    $stack->finish_racks($asha, $count, keys %change);
    ok derived(5, 'counted'), 'with the last rack the lines are complete';
};

subtest 'lines' => sub {
    my $data = variances(count_id => $count, limit => 500, sort => '-abs_variance');
    %row = map { ($_->{item_code} => $_) } @{ $data->{items} };
    is_deeply [map { $row{$_}{variance} } $less, $more, $boxes], [-3, 5, 2], 'what differs';
    is $row{$same}, undef, 'what does not is left out';
    is_deeply [@{ $row{$more} }{qw(state book verified_qty system_qty records currency)}], ['counted', 'warehouse', $book{$more}{system_qty} + 5, $book{$more}{system_qty} + 0, 2, 'INR'],
        'counted on two racks';
    is_deeply [@{ $row{'no-such-item'} }{qw(variance system_qty)}], [7, 0], 'a code nobody knows has a book of nothing';
    ok $row{'no-such-item'}{unknown}, 'and is told as that';
    my ($blank) = grep { $_->{state} eq 'not_counted' } values %row;
    is_deeply [@$blank{qw(variance verified_qty counted_at)}], [undef, undef, undef], 'what was not counted has no variance';
    is $row{$less}{variance_value}, -3 * $book{$less}{unit_cost}, 'what it is worth';
    my $all = variances(count_id => $count, limit => 500, min_qty => 0, sort => '-abs_variance');
    ok +(grep { $_ eq $same } @{ codes($all) }), 'zero is told when asked for';
    is $all->{totals}{lines}, $data->{totals}{lines} + 1, 'and counted';
    is_deeply [sort @{ codes(variances(count_id => $count, min_qty => 3)) }], [sort $less, $more, 'no-such-item'], 'large ones, of either sign';
};

subtest 'sums' => sub {
    my $totals = variances(count_id => $count, min_qty => 1)->{totals};
    my %unit = map { ($_->{uom} // '' => $_) } @{ $totals->{quantity} };
    is_deeply [@{ $unit{BOX} }{qw(lines net gross)}], [1, 2, 2], 'of one unit';
    ok !(grep { $_->{lines} == 4 } values %unit), 'units are not added';
    my %told; push @{ $told{ $row{$_}{uom} // '' } }, $change{$_} for $less, $more;
    for my $uom (keys %told) {
        is $unit{$uom}{net}, sum0(@{ $told{$uom} }, $uom eq '' ? 7 : ()), 'net';
        is $unit{$uom}{gross}, sum0(map { abs } @{ $told{$uom} }, $uom eq '' ? 7 : ()), 'gross';
    }
    my ($value) = @{ $totals->{value} };
    is_deeply [scalar @{ $totals->{value} }, $value->{currency}], [1, 'INR'], 'of one currency';
    cmp_ok abs($value->{net} - sum0(map { $row{$_}{variance_value} // 0 } $less, $more, $boxes, 'no-such-item')), '<', 1e-6, 'its net value';
    cmp_ok abs($value->{gross} - sum0(map { abs($row{$_}{variance_value} // 0) } $less, $more, $boxes, 'no-such-item')), '<', 1e-6, 'and gross';
};

subtest 'filters' => sub {
    is_deeply codes(variances(count_id => $count, category => 'boxed goods')), [$boxes], 'a category';
    is_deeply [sort @{ codes(variances(count_id => $count, user => $ben->user_id)) }], [sort $more, 'no-such-item'], "items with a person's figures";
    is variances(count_id => $count, user => $ben->user_id, category => 'x')->{totals}{lines}, 0, 'nothing';
    my $floor = variances(count_id => $count, floor => $floors[1]);
    my ($part) = grep { $_->{item_code} eq $more } @{ $floor->{items} };
    is_deeply [@$part{qw(verified_qty variance book)}], [4, undef, 'unknown'], 'a floor is never compared with the whole';
    ok $part->{partial_scope}, 'and told as a part';
    is $floor->{totals}{unknown_book}, 2, 'two lines of it';
    ok +(grep { $_->{count_id} eq $count } @{ variances(warehouse => $warehouse, min_qty => 1)->{items} }), 'the counts under way of a warehouse';
    is variances(warehouse => 'nowhere')->{totals}{lines}, 0, 'of another none';
    is variances(count_id => $count, warehouse => 'nowhere')->{totals}{lines}, 0, 'nor of the count elsewhere';
    my $today = substr plain([$stack->mongo->run('{"hello": 1}')])->[0]{localTime}, 0, 10;
    is variances(count_id => $count, to => '2020-01-01')->{totals}{lines}, 0, 'nothing then';
    is variances(count_id => $count, from => '2020-01-01', min_qty => 1)->{totals}{lines}, 4, 'since then';
    is $boss->get('/api/erp/items/variances', query => { count_id => 'none' })->code, 'not_found', 'no such count';
};

subtest 'order and pages' => sub {
    for my $sort (qw(item_code -item_code variance -variance abs_variance -abs_variance value -abs_value counted_at -counted_at)) {
        my %query = (count_id => $count, sort => $sort, min_qty => 1);
        my ($all, $cursor, @paged) = codes(variances(%query));
        is scalar @$all, 4, "$sort: four lines";
        do {
            my $page = variances(%query, limit => 3, $cursor ? (cursor => $cursor) : ());
            push @paged, @{ codes($page) };
            $cursor = $page->{next_cursor};
        } while $cursor && @paged < 10;
        is_deeply \@paged, $all, 'the pages are the whole';
    }
    my ($cursor, %seen);
    do {
        my $page = variances(count_id => $count, sort => '-value', limit => 500, $cursor ? (cursor => $cursor) : ());
        $seen{$_}++ for @{ codes($page) };
        ($cursor, $seen{'all lines'}) = ($page->{next_cursor}, $page->{totals}{lines});
    } while $cursor;
    my $lines = delete $seen{'all lines'};
    is scalar(keys %seen), $lines, 'lines without a value have their pages, too';
    is_deeply [grep { $_ != 1 } values %seen], [], 'each once';
    is_deeply [@{ codes(variances(count_id => $count, sort => '-abs_variance')) }[0 .. 3]], ['no-such-item', $more, $less, $boxes], 'the largest first';
    $cursor = variances(count_id => $count, sort => 'variance', limit => 1)->{next_cursor};
    is $boss->get('/api/erp/items/variances', query => { count_id => $count, sort => 'value', cursor => $cursor })->code, 'cursor_invalid', 'a cursor is of one order';
};

subtest 'more lines than any answer holds' => sub {
    my ($many, $lines) = ('a-count-of-many', 52_000);
    $stack->mongo->run(insert => 'sessions', documents => [{ session_id => $many, kind => 'opened', status => 'OPEN', book_state => 'frozen', warehouse => $warehouse, started_at => { '$date' => $at } }]);
    for my $chunk (0 .. $lines / 2_000 - 1) {
        $stack->mongo->run(insert => 'session_book', documents => [map { {
            session_id => $many, item_code => sprintf('MANY-%05d', $_), lot => '', uom => 'PCS', book => 'warehouse', system_qty => { '$numberDecimal' => '1' }, unit_cost => { '$numberDecimal' => '2' },
            state => 'counted', variance => { '$numberDecimal' => $_ % 2 ? '3' : '-1' }, counted => { verified_qty => { '$numberDecimal' => '4' }, at => { '$date' => $at } },
        } } map { $chunk * 2_000 + $_ } 0 .. 1_999]);
    }
    my ($cursor, @seen);
    for my $page (1 .. 3) {
        my $data = variances(count_id => $many, limit => 500, $cursor ? (cursor => $cursor) : ());
        push @seen, @{ codes($data) };
        $cursor = $data->{next_cursor};
        is_deeply $data->{totals}{quantity}, [{ uom => 'PCS', lines => $lines, without => 0, net => $lines, gross => $lines * 2 }], "page $page: sums of all of them";
    }
    is_deeply \@seen, [map { sprintf 'MANY-%05d', $_ } 0 .. 1_499], 'the first pages';
    my $last = variances(count_id => $many, sort => '-item_code', limit => 2);
    is_deeply codes($last), ['MANY-51999', 'MANY-51998'], 'and what stands beyond';
    is_deeply codes(variances(count_id => $many, sort => '-item_code', limit => 2, cursor => $last->{next_cursor})), ['MANY-51997', 'MANY-51996'], 'by pages, too';
    is_deeply codes(variances(count_id => $many, page => 25_000, page_size => 2)), ['MANY-49998', 'MANY-49999'], 'by number, as far as pages have numbers';
    is scalar @{ variances(count_id => $many, sort => 'variance', limit => 500)->{items} }, 500, 'in another order';
};

is $asha->get('/api/erp/items/variances')->status, 403, 'staff see none';

done_testing;
