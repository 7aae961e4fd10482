# A supervisor reviews a count of 20,000 lines that were all counted: the first page in each order, and of what waits for
# a decision.

use strict;
use warnings;
use StockVerify::Bench;
use Time::HiRes 'time';

my ($LINES, $BATCH, $LOOKS) = (20_000, 100, 5);

sub wait_for {
    my ($what, $is_there) = @_;
    for (1 .. 1200) {
        return if $is_there->();
        select undef, undef, undef, 0.1;
    }
    die "review: waited in vain for $what\n";
}

# Every item once, some as their books say and most not.
sub count_all {
    my ($bench, $session, $token) = @_;
    for my $batch (0 .. $LINES / $BATCH - 1) {
        my @records = map {
            my $item = $batch * $BATCH + $_;
            { client_record_id => "r$item", session_id => $session, item_code => sprintf('BENCH-%05d', $item), verified_qty => $item % 37, status => 'finalized',
              created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' }
        } 0 .. $BATCH - 1;
        my $verdict = $bench->call(POST => '/api/sync/batch', $token, { records => \@records });
        die "review: $batch was not stored whole\n" if @{ $verdict->{ok} } != $BATCH;
    }
    return;
}

# Milliseconds, the median of five.
sub looked_at {
    my ($bench, $path, $token) = @_;
    return StockVerify::Bench::median(map {
        my $began = time;
        my $page = $bench->call(GET => $path, $token);
        my $took = (time - $began) * 1000;
        die "review: $path has no whole page\n" if @{ $page->{items} } != 50;
        $took;
    } 1 .. $LOOKS);
}

sub {
    my ($bench) = @_;
    my ($boss) = $bench->add_users(1, 'supervisor');
    my ($counter) = $bench->add_users(1);
    $bench->add_racks(1);
    $bench->add_items($LINES);
    my $count = $bench->call(POST => '/api/sessions', $boss, { warehouse => 'BENCH', name => 'Review' })->{session_id};
    wait_for('the book', sub { $bench->call(GET => "/api/sessions/$count", $boss)->{book_state} eq 'frozen' });
    my $session = $bench->call(POST => '/api/racks/B00001/claim', $counter, { count_id => $count })->{session_id};
    count_all($bench, $session, $counter);
    $bench->call(POST => "/api/sessions/$session/complete", $counter);
    my $review = "/api/sessions/$count/review?limit=50";
    wait_for('the lines', sub { ($bench->call(GET => $review, $boss)->{summary}{by_state}{counted} // 0) == $LINES });
    $bench->table("review of $LINES lines, the first 50, ms",
        map { [ "in the order of $_", sprintf('%.0f', looked_at($bench, "$review&sort=$_", $boss)), 'wanted: 200 or less' ],
              [ "undecided, in the order of $_", sprintf('%.0f', looked_at($bench, "$review&state=undecided&sort=$_", $boss)) ] }
            qw(item_code -variance -gross -value -gross_value -counted_at));
    return;
};
