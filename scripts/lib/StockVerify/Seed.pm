package StockVerify::Seed;

# Fills a fresh stack with demo users, racks and items, through the admin command as an operator would.

use strict;
use warnings;

sub seed {
    my ($stack) = @_;
    my $demo = $stack->file('demo');
    $stack->say('Seeding demo users, racks and items');
    $stack->run_tool(demo => ["$stack->{root}/scripts/demo-data", $demo]) unless -e "$demo/users.csv";
    my @steps = (
        [qw(users import),  "$demo/users.csv"],
        [qw(items import),  "$demo/items.csv"],
        [qw(racks import),  "$demo/racks.csv"],
        [qw(racks expect),  "$demo/expected.csv"],
    );
    # A stack that is to show short time limits is seeded without them.
    $stack->run_tool(seed => $stack->ctl_command(@$_), MONGODB_TIMEOUT => 60_000) for @steps;
    return;
}

# The demo users with their passwords, as stack.json lists them.
sub users {
    my ($stack) = @_;
    open my $in, '<:encoding(UTF-8)', $stack->file('demo/users.csv') or return [];
    chomp(my @lines = <$in>);
    my @names = split /,/, shift @lines;
    my @users;
    for my $line (@lines) {
        my %user;
        @user{@names} = split /,/, $line, -1;
        push @users, \%user;
    }
    return \@users;
}

1;
