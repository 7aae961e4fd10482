package StockVerify::Truth;

# Holds MongoDB's state against what clients were told, and against the rules that must be true of it at any moment.
# Each function is one test, and its diagnostics name the first differences.
#
#     records_stand($stack, $ledger)            every acknowledged record stands exactly once, and nothing else does
#     totals_stand($stack, $ledger, $count_id)  book lines, items and the count show exactly what was told
#     racks_stand($stack)                       fences, holders and sessions agree; no displaced session wrote
#     audit_stands($stack)                      the trail is sealed and its chain whole

use strict;
use warnings;
use Exporter 'import';
use StockVerify::Quantity qw(millionths);
use StockVerify::Test ();
use Test::More ();

our @EXPORT = qw(records_stand totals_stand racks_stand audit_stands);

my %QUANTITY = (verified => 'verified_qty', damage => 'damage_qty', lost => 'non_returnable_damaged_qty');

sub verdict {
    my ($what, @faults) = @_;
    my $shown = $#faults < 9 ? $#faults : 9;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    return Test::More::ok(!@faults, $what) || Test::More::diag(scalar(@faults) . ' faults', map { "\n  $_" } @faults[0 .. $shown]);
}

sub all {
    my ($stack, $collection, $filter, @fields) = @_;
    my %projection = (_id => 0, map { ($_ => 1) } @fields);
    return map { StockVerify::Test::plain($_) } $stack->mongo->find($collection, $filter, projection => \%projection);
}

sub truth { my ($value) = @_; return $value ? 1 : 0 }

# What differs between a stored record and what was told of it.
sub differences {
    my ($stored, $told) = @_;
    my %want = (
        session_id => $told->{session}{session_id}, count_id => $told->{session}{count_id}, rack_id => $told->{session}{rack_id},
        item_code => $told->{item}, user_id => $told->{user}, fence => $told->{session}{fence},
        status => $told->{void} ? 'void' : 'finalized', serial_numbers => join(' ', sort @{ $told->{serials} }),
        counts => truth(StockVerify::Ledger::counts($told)), map { ($QUANTITY{$_} => $told->{$_}) } keys %QUANTITY,
    );
    my %have = (%$stored, serial_numbers => join(' ', sort @{ $stored->{serial_numbers} || [] }),
        counts => truth($stored->{counts}), map { ($_ => millionths($stored->{$_})) } values %QUANTITY);
    return map { "$told->{id}: $_ is $have{$_}, told was $want{$_}" } grep { ($have{$_} // '') ne $want{$_} } sort keys %want;
}

sub records_stand {
    my ($stack, $ledger, $what) = @_;
    my @fields = qw(client_record_id session_id count_id rack_id item_code user_id fence status counts serial_numbers);
    my (%stood, @faults);
    for my $stored (all($stack, verification_records => {}, @fields, values %QUANTITY)) {
        my $id = $stored->{client_record_id};
        my $told = $ledger->record($id);
        push @faults, "$id stands twice" if $stood{$id}++;
        push @faults, $told ? differences($stored, $told) : "$id stands, and nobody was told so";
    }
    push @faults, map { "$_->{id} was told to be stored, and is not there" } grep { !$stood{ $_->{id} } } $ledger->told;
    push @faults, serial_faults($stack, $ledger);
    return verdict($what // 'every acknowledged record stands exactly once, as it was told', sort @faults);
}

sub serial_faults {
    my ($stack, $ledger) = @_;
    my $told = $ledger->serials;
    my %held = map { ($_->{serial_number} => $_->{current}{client_record_id}) }
        grep { $_->{current} } all($stack, item_serials => {}, qw(serial_number current));
    return map { "serial number $_ is of " . ($held{$_} // 'nobody') . ', told was ' . ($told->{$_} // 'nobody') }
        grep { ($held{$_} // '') ne ($told->{$_} // '') } sort keys %{ { %held, %$told } };
}

# Exact sums of what counts, per item, against the book lines, the items and the count itself. Variances are of counts of
# a whole warehouse; what a standing count, or one of a part, compares with which book is t/unit/test_rack_book's.
sub totals_stand {
    my ($stack, $ledger, $count_id) = @_;
    StockVerify::Test::wait_until(sub { !$stack->mongo->count('touched_items') }, 60, 'the totals to be derived');
    my $told = $ledger->totals($count_id);
    my ($count) = all($stack, sessions => { session_id => $count_id }, qw(kind floor racks total_items total_variance variances));
    my $whole = $count->{kind} eq 'opened' && !$count->{floor} && !$count->{racks};
    my %line = map { ($_->{item_code} => $_) }
        all($stack, session_book => { session_id => $count_id }, qw(item_code uom system_qty counted));
    my %item = map { ($_->{item_code} => $_) }
        all($stack, erp_items => { overlay_count_id => $count_id }, qw(item_code verified verified_qty damaged_qty
            non_returnable_damaged_qty variance));
    my (@faults, %net);
    for my $code (sort keys %$told) {
        my $sum = $told->{$code};
        my $book = $line{$code} && millionths($line{$code}{system_qty}) // 0;
        $net{ ($line{$code} || {})->{uom} // '' } += $sum->{variance} = $sum->{verified} + $sum->{damage} - $book if $whole;
        push @faults, total_faults("book line $code", $sum, $line{$code}{counted}, damage_qty => qw(records racks));
        push @faults, total_faults("item $code", $sum, $item{$code}, 'damaged_qty');
    }
    my @uncounted = grep { !$told->{$_} && millionths(($line{$_}{counted} || {})->{records} // 0) } sort keys %line;
    push @faults, map { "book line $_ is counted, and nobody was told so" } @uncounted;
    push @faults, map { "item $_ shows a figure, and nobody was told so" } grep { !$told->{$_} } sort keys %item;
    push @faults, "the count has $count->{total_items} items, told were " . keys %$told if $count->{total_items} != keys %$told;
    my %shown = map { ($_->{uom} // '' => millionths($_->{variance})) } @{ $count->{variances} // [] };
    push @faults, map { "the count's variance in '$_' is " . ($shown{$_} // 'missing') . ', told was ' . ($net{$_} // 'nothing') . ' millionths' }
        grep { $whole && ($shown{$_} // 'none') ne ($net{$_} // 'none') } sort keys %{ { %shown, %net } };
    return verdict('the totals in MongoDB are what the clients were told, to the last unit', @faults);
}

sub total_faults {
    my ($what, $sum, $shown, $damage, @numbers) = @_;
    return "$what has no total" unless $shown;
    my %want = (verified_qty => $sum->{verified}, $damage => $sum->{damage}, non_returnable_damaged_qty => $sum->{lost},
        (defined $sum->{variance} ? (variance => $sum->{variance}) : ()), map { ($_ => 1_000_000 * $sum->{$_}) } @numbers);
    return map { "$what: $_ is " . ($shown->{$_} // 'missing') . ", told was $want{$_} millionths" }
        grep { !defined $shown->{$_} || millionths($shown->{$_}) != $want{$_} } sort keys %want;
}

# Of each rack: the sessions' fences are 1, 2, 3, ... in the order they began, the last is the rack's own and the only
# one not displaced, and no record of a displaced one is younger than the claim that displaced it. `decided` names
# records that a supervisor stored past the fence.
sub racks_stand {
    my ($stack, %option) = @_;
    my %decided = map { ($_ => 1) } @{ $option{decided} || [] };
    my (%sessions, %began, @faults);
    push @{ $sessions{ $_->{rack_id} } }, $_
        for all($stack, verification_sessions => {}, qw(rack_id session_id fence superseded started_at status count_id));
    my @racks = all($stack, rack_registry => { fence => { '$gt' => 0 } }, qw(rack_id session_id fence status));
    my %known = map { ($_->{rack_id} => 1) } @racks;
    push @faults, map { "rack $_ has sessions and no fence" } grep { !$known{$_} } keys %sessions;
    for my $rack (@racks) {
        my @row = sort { $a->{fence} <=> $b->{fence} } @{ $sessions{ $rack->{rack_id} } || [] };
        push @faults, rack_faults($rack, @row);
        $began{ $row[$_]{session_id} } = $row[$_ + 1]{started_at} for 0 .. $#row - 1;
    }
    for my $record (all($stack, verification_records => {}, qw(client_record_id session_id received_at changed_at status counts))) {
        my $next = $began{ $record->{session_id} };
        next if !defined $next || $decided{ $record->{client_record_id} };
        # A record that gave way to another was changed by that one.
        my $written = $record->{ $record->{status} ne 'void' && !$record->{counts} ? 'received_at' : 'changed_at' };
        push @faults, "$record->{client_record_id} was written at $written, its rack was another's since $next"
            if moment($written) gt moment($next);
    }
    return verdict($option{what} // 'fences only grow, racks and sessions agree, and no displaced session wrote', @faults);
}

# Extended JSON leaves out milliseconds of zero.
sub moment { my ($time) = @_; return $time =~ s/(:\d\d)Z$/$1.000Z/r }

my %SESSION_OF = (claimed => qr/^active$/, paused => qr/^paused$/, completed => qr/^completed$/, available => qr/^(?:completed|interrupted)$/);

sub rack_faults {
    my ($rack, @row) = @_;
    my @faults;
    my $fences = join ' ', map { $_->{fence} } @row;
    push @faults, "the fences are $fences" if $fences ne join ' ', 1 .. @row;
    push @faults, 'sessions began in another order than their fences'
        if grep { moment($row[$_]{started_at}) lt moment($row[$_ - 1]{started_at}) } 1 .. $#row;
    my @standing = grep { !$_->{superseded} } @row;
    push @faults, @standing . ' sessions are not displaced' if @standing != 1;
    my $last = $row[-1] || {};
    push @faults, "the rack has fence $rack->{fence}, its last session $last->{fence}" if $rack->{fence} != ($last->{fence} // 0);
    push @faults, "the rack carries $rack->{session_id}, not its last session" if $rack->{session_id} ne ($last->{session_id} // '');
    push @faults, "the rack is $rack->{status}, its session $last->{status}" unless ($last->{status} // '') =~ $SESSION_OF{ $rack->{status} };
    return map { "rack $rack->{rack_id}: $_" } @faults;
}

sub audit_stands {
    my ($stack) = @_;
    StockVerify::Test::wait_until(sub { !$stack->mongo->count('activity_logs', { sealed => \0 }) }, 60, 'the trail to be sealed');
    my ($output, $exit) = $stack->ctl([qw(audit verify)]);
    my $sealed = $stack->mongo->count('activity_logs', {});
    my $head = $stack->mongo->find_one('audit_chain', { _id => 'head' });
    my @faults = $exit == 0 ? () : $output;
    push @faults, "the chain's head is at " . ($head ? $head->{seq} : 0) . " of $sealed entries" if ($head ? $head->{seq} : 0) != $sealed;
    return verdict('the audit chain is whole', @faults);
}

1;
