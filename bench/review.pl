# A supervisor reviews a count of 20,000 lines that were all counted: the first page in each order, and of what waits for
# a decision.

use strict;
use warnings;
use StockVerify::Bench;
use StockVerify::BenchCount;
use Time::HiRes 'time';

my ($LINES, $LOOKS) = (20_000, 5);

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
    my $counted = StockVerify::BenchCount->new($bench, $LINES);
    my ($count, $boss) = ($counted->id, $counted->boss);
    my $review = "/api/sessions/$count/review?limit=50";
    $bench->table("review of $LINES lines, the first 50, ms",
        map { [ "in the order of $_", sprintf('%.0f', looked_at($bench, "$review&sort=$_", $boss)), 'wanted: 200 or less' ],
              [ "undecided, in the order of $_", sprintf('%.0f', looked_at($bench, "$review&state=undecided&sort=$_", $boss)) ] }
            qw(item_code -variance -gross -value -gross_value -counted_at));
    return;
};
