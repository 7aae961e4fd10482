#!/usr/bin/perl
# POST /api/erp/items/update-master: corrections of the master stand beside what the ERP says, whatever is imported.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my ($item, $other) = map { $_->{item_code} } $stack->demo('items');
my $before = $boss->get("/api/erp/items/$item")->data;

sub correct { my ($code, %changes) = @_; return $boss->post('/api/erp/items/update-master', { item_code => $code, changes => \%changes }) }
sub import_items { my ($csv) = @_; my ($out, $status) = $stack->ctl(['items', 'import', '-'], $csv); is $status, 0, 'imported' or diag $out; return $out }

subtest 'a correction is seen everywhere' => sub {
    is $asha->get("/api/erp/items/barcode/$item")->data->{item}{item_name}, $before->{item_name}, 'looked up, and cached';
    my $answer = correct($item, item_name => 'Quokka lantern', manual_barcode => 'MAN-4711', category => 'lamps', mrp => 12.5);
    is $answer->status, 200, 'corrected' or diag $answer->text;
    is_deeply [sort @{ $answer->data->{corrected} }], [qw(category item_name manual_barcode mrp)], 'says what is corrected';
    my $seen = $asha->get("/api/erp/items/$item")->data;
    is $seen->{item_name}, 'Quokka lantern', 'the item';
    is_deeply [sort @{ $seen->{corrected} }], [qw(category item_name manual_barcode mrp)], 'which tells what of it is corrected';
    is_deeply [$seen->{corrections}{mrp}{by}, [sort keys %{ $seen->{corrections} }]], [$boss->user_id, [sort @{ $seen->{corrected} }]], 'and by whom';
    like $seen->{corrections}{mrp}{at}, qr/^20\d\d-.*Z$/, 'and when';
    ok wait_until { $asha->get("/api/erp/items/barcode/$item")->data->{item}{item_name} eq 'Quokka lantern' }, 'the lookup, past its cache';
    is $asha->get('/api/erp/items/barcode/MAN-4711')->data->{item}{item_code}, $item, 'by the new barcode';
    is_deeply [map { scalar @{ $asha->get('/api/erp/items/barcode/MAN-4711')->data->{item}{corrected} } } 1, 2], [4, 4], 'found and cached it tells so, too';
    is_deeply $asha->get("/api/erp/items/$other")->data->{corrected}, [], 'of another item nothing is';
    ok wait_until { ($asha->get('/api/erp/items/search', query => { q => 'quokka lantren' })->data->{matches}[0]{item}{item_code} // '') eq $item }, 'the search';
    my ($entry) = @{ plain([$stack->mongo->find(activity_logs => { action => 'item.correct' })]) };
    is_deeply [$entry->{user_id}, $entry->{details}{before}{item_name}, $entry->{details}{after}{item_name}], [$boss->user_id, $before->{item_name}, 'Quokka lantern'], 'the trail';
};

subtest 'no import takes it away' => sub {
    import_items("item_code,item_name,category,manual_barcode\n$item,Told by the ERP,erp,ERP-1\n$other,Another,erp,\n") for 1 .. 2;
    my $now = $boss->get("/api/erp/items/$item")->data;
    is_deeply [@$now{qw(item_name category manual_barcode mrp)}], ['Quokka lantern', 'lamps', 'MAN-4711', 12.5], 'it stands';
    is $boss->get("/api/erp/items/$other")->data->{item_name}, 'Another', 'what is not corrected is imported';
    like import_items("item_code,item_name,category,manual_barcode\n$item,Told by the ERP,erp,ERP-1\n"), qr/\b1 unchanged/, 'what was told before is no change';
    is $asha->get('/api/erp/items/barcode/ERP-1')->data->{item}, undef, "the ERP's barcode is nobody's";
    is $asha->get('/api/erp/items/barcode/MAN-4711')->data->{item}{item_code}, $item, 'the corrected one does';
};

subtest 'taken back' => sub {
    my $answer = correct($item, item_name => undef, manual_barcode => undef, description => undef);
    is_deeply [@{ $answer->data }{qw(item_name manual_barcode category)}], ['Told by the ERP', 'ERP-1', 'lamps'], 'the ERP says it again';
    is_deeply [sort @{ $answer->data->{corrected} }], [qw(category mrp)], 'the rest stands';
    ok wait_until { $asha->get('/api/erp/items/barcode/ERP-1')->data->{item} }, 'and it is found so';
    import_items("item_code,item_name\n$item,New name\n");
    is $boss->get("/api/erp/items/$item")->data->{item_name}, 'New name', 'and imported again';
};

subtest 'what is refused' => sub {
    is $asha->post('/api/erp/items/update-master', { item_code => $item, changes => { item_name => 'x' } })->status, 403, 'staff correct nothing';
    is correct('nothing', item_name => 'x')->code, 'item_unknown', 'no such item';
    is_deeply [correct($item)->fields], ['changes'], 'nothing to do';
    is_deeply [correct($item, $_ => 1)->fields], ["changes.$_"], "$_ is not the master's to correct" for qw(stock_qty uom item_code verified_qty unit_cost _id lookup_keys);
    is_deeply [correct($item, $_->[0] => $_->[1])->fields], ["changes.$_->[0]"], "$_->[0]: wrong"
        for [item_name => ''], [item_name => 'x' x 257], [item_name => 7], [mrp => -1], [mrp => '1'], [manual_barcode => "a\x{1}b"], [item_name => { '$ne' => 1 }];
};

done_testing;
