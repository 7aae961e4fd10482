#!/usr/bin/perl
# Racks, as administrators add, describe, import and delete them.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $admin = $stack->login('admin');
my $asha = $stack->login('staff');
my $warehouse = $asha->user->{warehouse};
my $racks = '/api/admin/racks';

sub ids { my (%query) = @_; return [map { $_->{rack_id} } @{ $admin->get($racks, query => \%query)->data->{items} }] }

subtest 'one rack' => sub {
    my $made = $admin->post($racks, { rack_id => 'NEW/1', warehouse => $warehouse, floor => 'ATTIC', zone => 'Z1', estimated_items => 7 });
    is $made->status . ' ' . $made->header('Location'), "201 $racks/NEW%2F1", 'is added';
    is $admin->post($racks, { rack_id => 'NEW/1', warehouse => $warehouse, floor => 'ATTIC' })->code, 'already_exists', 'once';
    is_deeply ids(q => 'new/'), ['NEW/1'], 'and found';
    is_deeply [map { $_->{rack_id} } @{ $asha->get('/api/racks/available', query => { floor => 'ATTIC' })->data->{items} }], ['NEW/1'], 'it can be claimed';
    my $changed = $admin->patch("$racks/NEW%2F1", { zone => '' });
    is_deeply [@{ $changed->data }{qw(floor zone estimated_items)}], ['ATTIC', undef, 7], 'only what is given changes';
    $asha->post('/api/racks/NEW%2F1/claim', {});
    is $admin->patch("$racks/NEW%2F1", { floor => 'CELLAR' })->code, 'rack_locked', 'in somebody\'s hands it stays where it is';
    is $admin->del("$racks/NEW%2F1")->code, 'rack_locked', 'and stays';
    is $admin->get("$racks/NEW%2F1")->data->{locked_by}, $asha->user_id, 'whose is told';
    $asha->post('/api/racks/NEW%2F1/release', {});
    ok $admin->del("$racks/NEW%2F1")->data->{deleted}, 'then it goes';
    is $admin->del("$racks/NEW%2F1")->code, 'not_found', 'once';
    is_deeply [ids(q => 'new/'), ids(q => 'new/', deleted => 'true')], [[], ['NEW/1']], 'and is among the deleted';
    is $asha->post('/api/racks/NEW%2F1/claim', {})->status, 404, 'nobody claims it';
    is $admin->post($racks, { rack_id => 'NEW/1', warehouse => $warehouse, floor => 'ATTIC' })->status, 201, 'it can come back';
};

subtest 'lists' => sub {
    my $all = ids(limit => 500);
    for my $sort (qw(rack_id -rack_id floor -last_verified_at estimated_items -updated_at)) {
        my (@walked, $cursor);
        do {
            my $page = $admin->get($racks, query => { sort => $sort, limit => 9, $cursor ? (cursor => $cursor) : () })->data;
            push @walked, map { $_->{rack_id} } @{ $page->{items} };
            $cursor = $page->{next_cursor};
        } while ($cursor);
        is_deeply [sort @walked], [sort @$all], "by $sort, page by page, each once";
    }
    is_deeply ids(limit => 500, warehouse => 'none'), [], 'by warehouse';
};

subtest 'a file with two bad lines' => sub {
    my $csv = "rack_id,floor,warehouse,estimated_items\nFILE-1,F9,$warehouse,3\nFILE-2,,$warehouse,3\nFILE-3,F9,$warehouse,many\nFILE-4,F9,,\n";
    my $dry = $admin->post("$racks/import", { csv => $csv, dry_run => \1, warehouse => 'W-DEFAULT' })->data;
    is_deeply [@$dry{qw(rows created refused)}], [4, 2, 2], 'a dry run says what would be done';
    is_deeply [map { "$_->{line} $_->{rack_id}" } @{ $dry->{plan} }], ['2 FILE-1', '5 FILE-4'], 'by line';
    is_deeply ids(q => 'FILE-'), [], 'and writes nothing';
    my $done = $admin->post("$racks/import", { csv => $csv, warehouse => 'W-DEFAULT' })->data;
    is_deeply [map { "$_->{line} $_->{column}" } @{ $done->{errors} }], ['3 floor', '4 estimated_items'], 'the bad lines are named';
    is_deeply ids(q => 'FILE-'), ['FILE-1', 'FILE-4'], 'the others are written';
    ok((grep { $_->{warehouse} eq 'W-DEFAULT' } @{ $admin->get('/api/warehouses')->data }), 'a new warehouse is known');
    is $admin->post("$racks/import", { csv => $csv })->data->{unchanged}, 1, 'what is there already is not written again';
    is_deeply [$admin->post("$racks/import", { csv => "rack_id,colour\nX,red\n" })->fields], ['csv'], 'a file of something else is refused';
};

subtest 'the trail' => sub {
    my @actions = map { $_->{action} } @{ $admin->get('/api/admin/audit', query => { user => $admin->user_id, action => 'rack.', limit => 500 })->data->{items} };
    for my $action (qw(rack.create rack.describe rack.remove rack.import)) {
        ok scalar(grep { $_ eq $action } @actions), "$action is in it";
    }
};

done_testing;
