#!/usr/bin/perl
# Lists that are asked on by `since` while people write: whoever goes on from `next_since` ends with what the whole list says.
use lib 't/lib';
use StockVerify::Test;

my ($PHONES, $ROUNDS) = (4, 10);
my $stack = start_stack(settings => { SYNC_RATE_LIMIT => 0, FIND_SESSION_MAX => 1000, FIND_DAY_MAX => 10_000 });
my $boss = $stack->login('supervisor');
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my @phones = map { { client => $stack->login('staff'), number => $_, rack => $stack->rack } } 1 .. $PHONES;
$_->{session} = $_->{client}->post("/api/racks/$_->{rack}/claim", {})->data->{session_id} for @phones;

# What is followed: where it is, whose, what names a row and what changes of it.
my @lists = (
    { name => 'conflicts', path => '/api/sync/conflicts', id => 'conflict_id', value => sub { $_[0]{status} } },
    { name => 'items', path => '/api/erp/items', id => 'item_code', value => sub { $_[0]{item_name} } },
    { name => 'unknown items', path => '/api/unknown-items', id => 'unknown_item_id', value => sub { $_[0]{status} } },
    (map { {
        name => "items of rack $_->{number}", path => "/api/racks/$_->{rack}/items", id => 'item_code',
        value => sub { join ' ', sort map { "$_->{client_record_id}=$_->{verified_qty}" } @{ $_[0]{counted_by} } },
    } } @phones),
);
@$_{qw(since known)} = ('2020-01-01T00:00:00Z', {}) for @lists;

sub question { my ($list, %query) = @_; return [$boss, GET => $list->{path}, query => { limit => 200, %query }] }

# A page that came of a question, and the rest of its walk: what rows are known by, and where the next walk begins.
sub walk {
    my ($list, $known, $answer, %query) = @_;
    my $next;
    for (;;) {
        my $page = $answer->data;
        die "$list->{name}: " . $answer->text unless $page && $page->{items};
        $known->{ $_->{ $list->{id} } } = $list->{value}->($_) for @{ $page->{items} };
        $next //= $page->{next_since};
        die "$list->{name}: next_since changes in a walk" if $next ne $page->{next_since};
        my $cursor = $page->{next_cursor} or return $next;
        $answer = ask($list, %query, cursor => $cursor);
    }
}

sub ask { my ($list, %query) = @_; return $boss->get($list->{path}, query => { limit => 200, %query }) }

# Since the last walk, of which the first page may be here already.
sub follow {
    my ($list, $answer) = @_;
    my %query = (since => $list->{since});
    $list->{since} = walk($list, $list->{known}, $answer // ask($list, %query), %query);
    return;
}

sub record {
    my ($phone, $id, $item, $quantity, %more) = @_;
    return { client_record_id => "p$phone->{number}-$id", session_id => $phone->{session}, item_code => $item, verified_qty => $quantity,
             status => 'finalized', created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %more };
}

# Figures edited, counted twice (conflicts), and of codes that nobody knows.
sub batch {
    my ($phone, $round) = @_;
    my $time = sprintf '2026-01-05T09:%02d:00Z', $round;
    my @records = (
        (map { record($phone, "edit-$_", $items[$phone->{number} * 8 + $_], $round * 10 + $_, updated_at => $time) } 0 .. 3),
        (map { record($phone, "twice-$round-$_", $items[$phone->{number} * 8 + $_], 1) } 0 .. 3),
        (map { record($phone, "odd-$round-$_", "ODD-$phone->{number}-$round-$_", 1) } 0, 1),
    );
    return [$phone->{client}, POST => '/api/sync/batch', json => { records => \@records }];
}

my ($conflicts) = grep { $_->{name} eq 'conflicts' } @lists;
for my $round (1 .. $ROUNDS) {
    my @open = grep { $conflicts->{known}{$_} eq 'open' } sort keys %{ $conflicts->{known} };
    my @writes = (
        (map { batch($_, $round) } @phones),
        (map { [$boss, POST => '/api/erp/items/update-master', json => { item_code => $items[-$_], changes => { item_name => "Named $round" } }] } 1 .. 4),
        (map { [$boss, POST => "/api/sync/conflicts/$_/resolve", json => { action => 'keep_server' }] } @open[0 .. ($#open < 2 ? $#open : 2)]),
    );
    my @answers = $stack->parallel((map { question($_, since => $_->{since}) } @lists), @writes);
    my @asked = splice @answers, 0, scalar @lists;
    is_deeply [map { $_->text } grep { $_->status != 200 } @answers], [], "round $round is written";
    follow($lists[$_], $asked[$_]) for 0 .. $#lists;
}

for my $list (@lists) {
    follow($list);
    walk($list, \my %whole, ask($list));
    is_deeply $list->{known}, \%whole, "$list->{name}: what was followed is what there is";
}
is scalar keys %{ $conflicts->{known} }, 4 * $PHONES * $ROUNDS, 'every conflict was told';
cmp_ok scalar(grep { $_ eq 'resolved' } values %{ $conflicts->{known} }), '>', $ROUNDS, 'and many that they are resolved';
is scalar keys %{ $lists[2]{known} }, 2 * $PHONES * $ROUNDS, 'every unknown code was told';
is_deeply [map { $lists[1]{known}{ $items[-$_] } } 1 .. 4], [("Named $ROUNDS") x 4], 'the last names are known';
is_deeply [map { $_->{known}{ $items[8] } // () } $lists[3]], ['p1-edit-0=' . $ROUNDS * 10], 'and the last figures';
done_testing;
