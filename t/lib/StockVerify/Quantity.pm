package StockVerify::Quantity;

# Quantities in tests: whole numbers of millionths, so that no sum in a test is ever rounded.
#
#     millionths('12.5')      12500000; from a decimal's text, as MongoDB keeps it, or from a JSON number
#     number(12_500_000)      12.5, a number for JSON: 15 digits are exact in it

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(millionths number);

sub millionths {
    my ($text) = @_;
    return unless defined $text;
    my ($sign, $whole, $fraction, $exponent) = $text =~ /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/
        or die "not a decimal: $text\n";
    my $digits = $whole . ($fraction // '');
    my $places = 6 + ($exponent // 0) - length($fraction // '');
    if ($places < 0) {
        $digits = ('0' x -$places) . $digits;
        substr($digits, $places) =~ /^0+$/ or die "more than six places: $text\n";
        $digits = substr $digits, 0, $places;
    } else {
        $digits .= '0' x $places;
    }
    $digits =~ s/^0+(?=\d)//;
    return ($sign ? -1 : 1) * $digits;
}

sub number { my ($millionths) = @_; return $millionths / 1_000_000 }

1;
