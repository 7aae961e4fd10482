#!/usr/bin/perl
# Who includes whom: a unit is a .c and the .h of its name. No units include one another in a circle, and core/ knows
# neither nginx nor the programs built on it. And files that are named, in comments too, are there.
use strict;
use warnings;
use File::Find 'find';
use Test::More;

my @folders = qw(core ctl ngx_stockverify_module worker);
# What a folder may include besides itself.
my %allowed = (core => [], ctl => ['core'], worker => ['core'], ngx_stockverify_module => ['core']);
# Circles that are known, by one of their units.
my %known = ();

my (%includes, @astray);
find({ no_chdir => 1, wanted => sub { /\.[ch]$/ and read_includes($_) } }, @folders);

sub unit { return $_[0] =~ s/\.[ch]$//r }

sub read_includes {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    while (<$in>) {
        while (m{(?<![\w/.-])((?:docs|core|worker|ctl|ngx_stockverify_module)/[\w/-]+\.(?:c|h|def|lua|md))\b}g) {
            push @astray, "$file names $1" unless -e $1;
        }
        my ($name) = /^\s*#\s*include\s+["<]([^">]+)[">]/ or next;
        push @{ $includes{$file} }, $name;
    }
}

is_deeply \@astray, [], 'files that are named are there';

my (%next, @strangers);
for my $file (sort keys %includes) {
    my ($folder) = split m{/}, $file;
    for my $name (@{ $includes{$file} }) {
        my ($of) = split m{/}, $name;
        if ($folder ne 'ngx_stockverify_module' && $name =~ /^ngx_/) {
            push @strangers, "$file includes $name";
        } elsif (grep { $_ eq $of } @folders) {
            push @strangers, "$file includes $name" unless grep { $_ eq $of } $folder, @{ $allowed{$folder} };
        }
        $next{ unit($file) }{ unit($name) } = 1 if $name =~ /\.h$/ && -e $name && unit($file) ne unit($name);
    }
}
is_deeply \@strangers, [], 'nobody includes what stands above';
cmp_ok scalar(keys %next), '>', 100, 'the includes were found';

# The way from a unit back to itself, the shortest first.
sub circle {
    my ($start) = @_;
    my (%from, @todo) = ($start => undef);
    @todo = ($start);
    while (defined(my $unit = shift @todo)) {
        for my $next (sort keys %{ $next{$unit} // {} }) {
            if ($next eq $start) {
                my @way = ($start);
                for (my $at = $unit; defined $at; $at = $from{$at}) { splice @way, 0, 0, $at }
                return join ' -> ', @way;
            }
            next if exists $from{$next};
            $from{$next} = $unit;
            push @todo, $next;
        }
    }
    return;
}

my @circles = grep { defined } map { circle($_) } grep { !$known{$_} } sort keys %next;
is_deeply \@circles, [], 'no units include one another in a circle';
done_testing;
