#!/usr/bin/perl
# Queries and their previews: figures that are the database's, nothing that was not offered, and never long.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Quantity qw(millionths);

my $stack = start_stack();
my $boss = $stack->login('supervisor');
my $asha = $stack->login('staff');
my @items = $stack->demo('items');

sub preview { my (%query) = @_; return $boss->post('/api/reports/query/preview', \%query) }
sub rows    { my (%query) = @_; my $answer = preview(%query); diag $answer->text if $answer->status != 200; return @{ ($answer->data || {})->{items} || [] } }

subtest 'what may be queried' => sub {
    is $asha->get('/api/reports/collections')->status, 403, 'is nothing of staff\'s';
    is $asha->post('/api/reports/query/preview', { collection => 'erp_items' })->status, 403, 'nor is a preview';
    my $answer = $boss->get('/api/reports/collections');
    is $answer->status, 200, 'supervisors see it';
    is $boss->get('/api/reports/collections', headers => { 'If-None-Match' => $answer->header('ETag') })->status, 304, 'once';
    my %collections = map { ($_->{name} => $_) } @{ $answer->data };
    ok !$collections{$_}, "$_ is not among them" for qw(users devices refresh_tokens activity_logs jobs audit_chain);
    # Each field that is offered can be asked for, shown, sorted and grouped by as it says.
    for my $name (sort keys %collections) {
        my @fields = @{ $collections{$name}{fields} };
        my $shown = preview(collection => $name, fields => [map { $_->{name} } @fields], limit => 1);
        is $shown->status, 200, "$name: every field is shown" or diag $shown->text;
        for my $field (grep { !$_->{linked} } @fields) {
            my $sorted = $field->{sortable} ? 200 : 422;
            my $answer = preview(collection => $name, sort => [{ field => $field->{name}, direction => 'desc' }], limit => 1);
            is $answer->status, $sorted, "$name by $field->{name}" or diag $answer->text if $answer->status != $sorted;
        }
        my @aggregations = map { my $field = $_; map { { op => $_, field => $field->{name} } } @{ $field->{aggregations} } } grep { !$_->{linked} } @fields;
        for my $op (qw(sum avg min max)) {
            my @asked = grep { $_->{op} eq $op } @aggregations or next;
            my $answer = preview(collection => $name, aggregations => [@asked[0 .. ($#asked > 19 ? 19 : $#asked)]]);
            is $answer->status, 200, "$name: $op of every field it is offered for" or diag $answer->text;
        }
        my @failed = grep { $_->status != 200 } map { preview(collection => $name, aggregations => [$_]) } grep { $_->{op} eq 'count_distinct' } @aggregations;
        is_deeply [map { $_->text } @failed], [], "$name: different values of every field";
    }
};

subtest 'rows are the database\'s' => sub {
    my @expected = sort map { $_->{item_code} } @items;
    my $answer = preview(collection => 'erp_items', fields => ['stock_qty', 'item_name'], limit => 500);
    is $answer->status, 200, 'a preview' or diag $answer->text;
    my @got = @{ $answer->data->{items} };
    is_deeply [map { $_->{item_code} } @got], [@expected > 500 ? @expected[0 .. 499] : @expected], 'in the order of their key';
    is $answer->data->{estimated_total}, scalar @expected > 500 ? 500 : scalar @expected, 'and how many there are';
    my %of = map { ($_->{item_code} => $_) } @items;
    is_deeply [grep { $_->{item_name} ne $of{ $_->{item_code} }{item_name} || millionths($_->{stock_qty}) != millionths($of{ $_->{item_code} }{stock_qty}) } @got],
        [], 'with their names and quantities';
    is_deeply [map { $_->{name} } @{ $answer->data->{columns} }], [qw(item_code stock_qty item_name)], 'the key stands first';
    is scalar rows(collection => 'erp_items'), 50, 'fifty unless more are asked for';
    is preview(collection => 'erp_items')->data->{estimated_total}, scalar @expected, 'of all';
};

subtest 'groups are the database\'s' => sub {
    my %expected;
    for my $item (@items) {
        my $group = $expected{ $item->{category} // '' } ||= { n => 0, sum => 0 };
        $group->{n}++;
        $group->{sum} += millionths($item->{stock_qty});
        $group->{max} = millionths($item->{stock_qty}) if !defined $group->{max} || $group->{max} < millionths($item->{stock_qty});
    }
    my $answer = preview(collection => 'erp_items', group_by => ['category'], sort => [{ field => 'sum_stock_qty', direction => 'desc' }], limit => 500,
        aggregations => [{ op => 'count' }, { op => 'sum', field => 'stock_qty' }, { op => 'avg', field => 'stock_qty' }, { op => 'max', field => 'stock_qty' }]);
    is $answer->status, 200, 'grouped' or diag $answer->text;
    my @rows = @{ $answer->data->{items} };
    is $answer->data->{estimated_total}, scalar keys %expected, 'so many groups';
    is_deeply { map { ($_->{category} // '' => [$_->{count}, millionths($_->{sum_stock_qty}), millionths($_->{max_stock_qty})]) } @rows },
        { map { ($_ => [@{ $expected{$_} }{qw(n sum max)}]) } keys %expected }, 'with their figures';
    is_deeply [grep { abs(millionths($_->{avg_stock_qty}) - millionths($_->{sum_stock_qty}) / $_->{count}) > 0.5 } @rows], [], 'averages to the last place';
    my @sums = map { millionths($_->{sum_stock_qty}) } @rows;
    is_deeply \@sums, [sort { $b <=> $a } @sums], 'in the order asked for';
    my ($first) = rows(collection => 'erp_items', group_by => ['category'], sort => [{ field => 'sum_stock_qty', direction => 'desc' }], limit => 1,
        aggregations => [{ op => 'sum', field => 'stock_qty' }]);
    is millionths($first->{sum_stock_qty}), $sums[0], 'the first of them';
};

subtest 'linked fields' => sub {
    my @expected = $stack->demo('expected');
    my %name = map { ($_->{item_code} => $_->{item_name}) } @items;
    my %floor = map { ($_->{rack_id} => $_->{floor}) } $stack->demo('racks');
    my @rows = rows(collection => 'rack_items', fields => ['item_name', 'floor', 'book_qty'], limit => 500);
    cmp_ok scalar @rows, '>', 0, 'rows';
    is_deeply [grep { $_->{item_name} ne $name{ $_->{item_code} } || $_->{floor} ne $floor{ $_->{rack_id} } } @rows], [], 'of the item and the rack';
    my ($some) = sort values %floor;
    my $answer = preview(collection => 'rack_items', group_by => ['floor'], filters => [{ field => 'floor', op => 'eq', value => $some }]);
    is_deeply [map { "$_->{floor} $_->{count}" } @{ $answer->data->{items} }], ["$some " . grep { $floor{ $_->{rack_id} } eq $some } @expected],
        'filtered and grouped by';
};

subtest 'nothing else reaches the database' => sub {
    my @refused = (
        [{ collection => 'users' }, 'collection'], [{ collection => 'erp_items.$cmd' }, 'collection'], [{ collection => '../users' }, 'collection'],
        [{ filters => [{ field => '$where', op => 'eq', value => 'sleep(10000)' }] }, 'filters[0].field'],
        [{ filters => [{ field => 'item_name', op => '$where', value => 'sleep(10000)' }] }, 'filters[0].op'],
        [{ filters => [{ field => '$expr', op => 'eq', value => { '$function' => {} } }] }, 'filters[0].field'],
        [{ filters => [{ field => 'item_name', op => 'eq', value => { '$gt' => '' } }] }, 'filters[0].value'],
        [{ filters => [{ field => 'item_name', op => 'in', value => [{ '$gt' => '' }] }] }, 'filters[0].value[0]'],
        [{ filters => [{ field => 'item_name', op => 'in', value => [map { "x$_" } 1 .. 1001] }] }, 'filters[0].value'],
        [{ filters => [{ field => 'item_name.length', op => 'eq', value => 'x' }] }, 'filters[0].field'],
        [{ filters => [{ field => 'barcodes.0', op => 'eq', value => 'x' }] }, 'filters[0].field'],
        [{ filters => [({ field => 'item_name', op => 'eq', value => 'x' }) x 51] }, 'filters'],
        [{ filters => [{ field => 'item_name', op => 'contains', value => '(' x 201 }] }, 'filters[0].value'],
        [{ group_by => ['$item_name'] }, 'group_by[0].field'], [{ group_by => [{ field => 'updated_at', by => '$day' }] }, 'group_by[0].by'],
        [{ aggregations => [{ op => '$accumulator', field => 'stock_qty' }] }, 'aggregations[0].op'],
        [{ aggregations => [{ op => 'sum', field => '$$ROOT' }] }, 'aggregations[0].field'],
        [{ sort => [{ field => '_id' }] }, 'sort[0].field'], [{ fields => ['password_hash'] }, 'fields[0].field'], [{ limit => -1 }, 'limit'],
        [{ filters => { '$where' => '1' } }, 'filters'],
    );
    for my $case (@refused) {
        my ($query, $field) = @$case;
        my $answer = preview(collection => 'erp_items', %$query);
        is $answer->status . ' ' . join(',', $answer->fields), "422 $field", "$field: " . substr Mojo::JSON::encode_json($query), 0, 80;
    }
    # Values that look like operators are values.
    is scalar rows(collection => 'erp_items', filters => [{ field => 'item_name', op => 'eq', value => $_ }]), 0, "the name $_"
        for '$where', '{"$gt": ""}', '^.*$', "'; return true; //";
    my $bomb = '(' x 30 . 'a+' . ')+' x 30 . '$';
    is scalar rows(collection => 'erp_items', filters => [{ field => 'item_name', op => $_, value => $bomb }]), 0, "$_ takes a bomb for a text"
        for qw(contains starts_with);
    is scalar rows(collection => 'erp_items', filters => [{ field => 'item_name', op => 'contains', value => '.*' }]), 0, 'and a pattern for one, too';
    my $mine = substr $items[0]{item_name}, 1, 4;
    my $found = preview(collection => 'erp_items', limit => 500, filters => [{ field => 'item_name', op => 'contains', value => uc $mine }])->data->{items};
    is scalar @$found, scalar(grep { index(lc $_->{item_name}, lc $mine) >= 0 } @items), 'a text is found whatever its case';
};

subtest 'a preview ends' => sub {
    plan skip_all => 'another\'s MongoDB is not to be stopped' unless $stack->owns('mongodb');
    my %query = (collection => 'erp_items', filters => [{ field => 'warehouse', op => 'eq', value => 'nowhere' }]);
    # With connections that stand.
    $stack->parallel(map { [$boss, POST => '/api/reports/query/preview', json => \%query] } 1 .. 12);
    $stack->pause_part('mongodb');
    # Two at a time in each of nginx's two processes; their time is over before the database says anything.
    my @answers = $stack->parallel(map { [$boss, POST => '/api/reports/query/preview', json => \%query] } 1 .. 9);
    $stack->cont_part('mongodb');
    my %count;
    $count{ $_->status . ' ' . $_->code }++ for @answers;
    my $slow = delete $count{'422 query_too_slow'} // 0;
    my $busy = delete $count{'503 busy'} // 0;
    my $away = delete $count{'503 unavailable'} // 0;
    is_deeply \%count, {}, 'too slow, or not even begun' or diag map { $_->text . "\n" } @answers;
    cmp_ok $slow, '>=', 1, "$slow were too slow";
    cmp_ok $slow + $away, '<=', 4, "$away found no connection";
    is $slow + $away + $busy, 9, "$busy were told to come again";
    like $_->error->{message}, qr/Narrow it by a filter .* on one of item_code, .*warehouse.* or take a snapshot/, 'how to narrow it is told'
        for grep { $_->status == 422 } @answers;
    is_deeply [grep { !$_->header('Retry-After') } grep { $_->status == 503 } @answers], [], 'and when to come again';
    wait_until { preview(%query)->status == 200 } 30, 'previews again';
    pass 'it goes on';
};

subtest 'days' => sub {
    my %by_day = (collection => 'erp_items', filters => [{ field => 'updated_at', op => 'between', value => ['2020-01-01', '2020-01-01'] }]);
    is preview(%by_day)->data->{tz}, 'UTC', 'are of TIME_ZONE';
    my $answer = preview(%by_day, tz => 'Asia/Kolkata');
    is $answer->data->{tz}, 'Asia/Kolkata', 'or of the zone that is named';
    like $answer->data->{description}, qr/2020-01-01 to 2020-01-01 \(days of Asia\/Kolkata\)/, 'as the words say';
    is preview(collection => 'erp_items')->data->{tz}, undef, 'or nothing depends on them';
    for my $wrong ([value => ['2020-01-02', '2020-01-01'], 'filters[0].value'], [value => ['2020-01-01T01:00:00Z', '2020-01-01T00:00:00Z'], 'filters[0].value']) {
        my $answer = preview(%by_day, filters => [{ field => 'updated_at', op => 'between', value => $wrong->[1] }]);
        is_deeply [$answer->status, $answer->error->{details}[0]{field}], [422, $wrong->[2]], 'bounds the wrong way round';
    }
    is preview(%by_day, tz => 'Mars/Olympus')->status, 422, 'no such zone';
    for my $list ('/api/sessions', '/api/reports/snapshots') {
        is $boss->get($list, query => { from => '2026-01-02', to => '2026-01-02', tz => 'Asia/Kolkata' })->status, 200, "$list: one day";
        my $answer = $boss->get($list, query => { from => '2026-01-02', to => '2026-01-01' });
        is_deeply [$answer->status, $answer->error->{details}[0]{field}], [422, 'to'], "$list: the wrong way round";
        is $boss->get($list, query => { from => '2026-01-02', tz => 'Mars/Olympus' })->status, 400, "$list: no such zone";
    }
};

done_testing;
