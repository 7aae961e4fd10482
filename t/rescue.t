#!/usr/bin/perl
# The file of a lost phone: every record waits for a person, once, and none is a figure before.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my $rack = $stack->rack;
my $claim = $asha->post("/api/racks/$rack/claim", undef)->data;
my $session = $claim->{session_id};
my $of_ben = $ben->post('/api/racks/' . $stack->rack . '/claim', undef)->data->{session_id};
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my $now = '2026-01-05T08:00:00Z';

sub record {
    my ($id, %member) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $items[0], verified_qty => 7, status => 'finalized', revision => 1, created_at => $now, updated_at => $now, %member };
}
sub file { my (%member) = @_; return { format => 'stockverify-unsent', version => 1, exported_at => $now, app => 'test', user => { user_id => $asha->user_id }, records => [], %member } }
sub rescue { return $sue->post('/api/sync/rescue', file(@_)) }
sub stored { return map { $_->{client_record_id} } @{ $sue->get("/api/sessions/$session/records")->data->{items} } }
sub conflicts { return @{ $sue->get('/api/sync/conflicts?status=open')->data->{items} } }
sub resolve { my ($client, $id, $action, %more) = @_; return $client->post("/api/sync/conflicts/$id/resolve", { action => $action, %more }) }

is_deeply $asha->post('/api/sync/batch', { records => [record('came', item_code => $items[1])] })->data->{ok}, ['came'], 'one record came before';
$ben->post('/api/sync/batch', { records => [record('of-ben', session_id => $of_ben)] });

my %lost = (
    device_id => 'phone-17',
    records => [
        record('first'), record('came', item_code => $items[1]), record('came', item_code => $items[1], verified_qty => 9, revision => 2),
        record('wrong', verified_qty => -1), record('elsewhere', session_id => $of_ben), 7, record('of-ben'), record('text', remark => "a\0b"), record('unknown', item_code => 'NOBODY-KNOWS'),
    ],
    unknown_items => [{ unknown_item_id => 'find-1', name => 'a box', session_id => $session, found_at => $now }, { unknown_item_id => 'find-2' }],
    count_lines => [{ line_id => 'line-1', session_id => $session, barcode => '1', created_at => $now }, { line_id => 'line-2', session_id => $session, created_at => $now },
        { line_id => 'line-3', session_id => $of_ben, barcode => '1', created_at => $now }],
);
my (%conflict, $told);

subtest 'a file' => sub {
    my $answer = rescue(%lost);
    is $answer->status, 200, 'is taken' or diag $answer->text;
    $told = $answer->data;
    is $told->{user}{username}, $asha->user->{username}, "for its phone's user";
    is_deeply [map { $_->{index} } @{ $told->{conflicts} }], [0, 2, 6, 8], 'each record that can be read waits for a person';
    is_deeply $told->{stored}, ['came'], 'but the one that had come';
    is_deeply [map { "$_->{list} $_->{index} $_->{field} $_->{code}" } @{ $told->{errors} }],
        ['unknown_items 1 code required', 'records 3 verified_qty negative', 'records 4 session_id session_unknown', 'records 5  wrong_type', 'records 7 remark invalid_text',
        'count_lines 1 barcode required', 'count_lines 2 session_id forbidden'], 'what cannot be kept is told by its place' or diag explain $told->{errors};
    is_deeply [@{$told}{qw(total_records unknown_items count_lines)}], [9, 1, 1], 'and the others are kept';
    is_deeply [stored()], ['came'], 'no figure was made';
    %conflict = map { $_->{client_record_id} . ' ' . $_->{mine}{verified_qty} => $_ } conflicts();
    is_deeply [map { "$_ $conflict{$_}{type} $conflict{$_}{user_id} " . ($conflict{$_}{rack_id} // '') } sort keys %conflict],
        [map { "$_ " . $asha->user_id . " $rack" } 'came 9 rescued', 'first 7 rescued', 'of-ben 7 foreign_record', 'unknown 7 rescued'], 'they wait as the conflicts of the user';
    is $conflict{'came 9'}{server}{verified_qty}, 7, 'beside what the server has';
    my ($find) = @{ $sue->get('/api/unknown-items')->data->{items} };
    is_deeply [@{$find}{qw(unknown_item_id user_id session_id)}], ['find-1', $asha->user_id, $session], 'the find is theirs';
    is_deeply [map { "$_->{line_id} $_->{user_id}" } @{ $sue->get("/api/count-lines?session_id=$session")->data->{items} }], ['line-1 ' . $asha->user_id], 'so is the line';
    my ($entry) = grep { $_->{action} eq 'sync.rescue' } map { plain($_) } $stack->mongo->find('activity_logs', { action => 'sync.rescue' });
    is_deeply [$entry->{user_id}, @{ $entry->{details} }{qw(owner device_id)}], [$sue->user_id, $asha->user_id, 'phone-17'], 'and it is told who did it';
};

subtest 'the same file again' => sub {
    my $again = rescue(%lost)->data;
    is_deeply $again, $told, 'is answered the same';
    is scalar(conflicts()), 4, 'and no conflict comes twice';
    is_deeply [map { $_->{conflict_id} } @{ $asha->post('/api/sync/batch', { records => [record('came', item_code => $items[1])] })->data->{conflicts} }], [], 'the phone, found again, meets no conflict with what is stored';
};

subtest 'a person decides' => sub {
    is resolve($sue, $conflict{'first 7'}{conflict_id}, 'keep_mine')->status, 200, 'that it counts';
    is resolve($sue, $conflict{'came 9'}{conflict_id}, 'keep_server')->status, 200, 'that it does not';
    is resolve($sue, $conflict{'unknown 7'}{conflict_id}, 'merge', record => { verified_qty => 2 })->status, 200, 'that it was another number';
    is resolve($sue, $conflict{'of-ben 7'}{conflict_id}, 'keep_mine')->status, 422, "but not over another's record";
    is_deeply [sort map { "$_->{client_record_id} $_->{verified_qty} $_->{user_id}" } @{ $sue->get("/api/sessions/$session/records")->data->{items} }],
        [map { "$_ " . $asha->user_id } 'came 7', 'first 7', 'unknown 2'], 'and so it is';
    my $again = rescue(%lost)->data;
    is_deeply $again->{stored}, ['first', 'came'], 'the file again finds it so';
    is_deeply [map { ($_->{resolution} // 'open') . " $_->{index}" } @{ $again->{conflicts} }], ['keep_server 2', 'open 6', 'merge 8'], 'and asks nobody twice';
};

subtest 'over what was counted meanwhile' => sub {
    $asha->post("/api/racks/$rack/release", { session_id => $session });
    my $next = $ben->post("/api/racks/$rack/claim", undef)->data->{session_id};
    is_deeply $ben->post('/api/sync/batch', { records => [record('bens', session_id => $next, item_code => $items[2], verified_qty => 5)] })->data->{ok}, ['bens'], 'somebody else counted the item';
    my ($kept) = @{ rescue(records => [record('late', item_code => $items[2], verified_qty => 4)])->data->{conflicts} };
    my ($shown) = grep { $_->{conflict_id} eq $kept->{conflict_id} } conflicts();
    is $shown->{server}{client_record_id}, 'bens', 'which is told beside it';
    is resolve($sue, $kept->{conflict_id}, 'merge')->status, 200, 'and both may count';
    is_deeply [sort map { $_->{client_record_id} } $stack->mongo->find('verification_records', { item_code => $items[2] })], ['bens', 'late'], 'they do';
};

subtest 'what is no file' => sub {
    my %wrong = (format => 'other', version => 2, user => {}, records => 'x', exported_at => 'x', count_lines => {});
    for my $member (sort keys %wrong) {
        my $answer = rescue($member => $wrong{$member});
        is $answer->status, 422, $member or diag $answer->text;
        like join(' ', $answer->fields), qr/^\Q$member\E/, 'is named';
    }
    is rescue(user => { username => 'nobody-of-this-name' })->status, 422, 'a user that there is not';
    is rescue(user => { username => uc $asha->user->{username} })->status, 200, 'a user by name';
    is $asha->post('/api/sync/rescue', file())->status, 403, 'is for supervisors';
};

done_testing;
