package Peers;

# What seed and check share: the stores that the environment names.

use strict;
use warnings;
use Cwd ();
use File::Basename 'dirname';
my $root;
BEGIN { $root = Cwd::abs_path(dirname(__FILE__) . '/../..') }
use lib "$root/scripts/lib";
use StockVerify::Mongo;

our $USERS = 64;
our $FREE_RACKS_MAX = 8_000;

sub build { return $ENV{STOCKVERIFY_BUILD} // "$root/build" }

sub mongo {
    return StockVerify::Mongo->new(program => build() . '/mongo-shell', uri => $ENV{STOCK_MONGO_URL},
        database => $ENV{STOCK_DB});
}

# One command by redis-cli; gives its answer as text.
sub redis {
    my (@words) = @_;
    my ($host, $port, $number) = $ENV{STOCK_REDIS_URL} =~ m{^redis://([^:/]+):(\d+)/(\d+)$}
        or die "STOCK_REDIS_URL is not redis://HOST:PORT/DB\n";
    open my $out, '-|', 'redis-cli', '-h', $host, '-p', $port, '-n', $number, @words or die "redis-cli: $!\n";
    my $text = join '', <$out>;
    close $out or die "redis-cli @words: $text\n";
    chomp $text;
    return $text;
}

1;
