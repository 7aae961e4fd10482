package StockVerify::Ledger;

# What the clients were told is stored, kept by the clients alone: the figures that the server's truth is held against.
# Quantities are whole millionths. A record told here has id, session, item, user, verified, damage, lost, serials,
# void, partial and revision; its session says rack, count, fence and round.

use strict;
use warnings;

sub new { return bless { told => {}, place => {} }, $_[0] }

sub told    { return values %{ $_[0]{told} } }
sub record  { my ($self, $id) = @_; return $self->{told}{$id} }
sub is_told { my ($self, $id) = @_; return exists $self->{told}{$id} }

sub place_of {
    my ($record) = @_;
    return join "\t", $record->{session}{count_id}, $record->{session}{rack_id}, $record->{item};
}

# An `ok`: the record stands as it was sent. The figures that it replaces and those of earlier rounds of the rack no
# longer count; with over_all (a supervisor decided for this record) nobody else's do.
sub tell {
    my ($self, $record, %option) = @_;
    my $standing = $self->{place}{ place_of($record) } ||= {};
    my $told = { %$record, superseded => $standing->{ $record->{id} } ? $standing->{ $record->{id} }{superseded} : 0 };
    $self->{told}{ $record->{id} } = $standing->{ $record->{id} } = $told;
    return if $record->{void};
    my $round = $record->{session}{round};
    my %replaced = map { ($_ => 1) } @{ $record->{more}{replaces} || [] };
    for my $other (grep { $_ != $told } values %$standing) {
        if ($option{over_all} || $replaced{ $other->{id} } || $other->{session}{round} < $round) {
            $other->{superseded} = 1;
        } elsif ($other->{session}{round} > $round && counts($other)) {
            # The answer came after one of the next round.
            $told->{superseded} = 1;
        }
    }
    return;
}

# A decision that another figure takes the place of this one.
sub supersede { my ($self, $id) = @_; $self->{told}{$id}{superseded} = 1; return }

sub counts { my ($record) = @_; return !$record->{void} && !$record->{superseded} }

# {item => {verified, damage, lost, records, racks}} of a count.
sub totals {
    my ($self, $count_id) = @_;
    my (%totals, %racks);
    for my $record (grep { $_->{session}{count_id} eq $count_id && counts($_) } $self->told) {
        my $sum = $totals{ $record->{item} } ||= { verified => 0, damage => 0, lost => 0, records => 0 };
        $sum->{$_} += $record->{$_} for qw(verified damage lost);
        $sum->{records}++;
        $racks{ $record->{item} }{ $record->{session}{rack_id} } = 1;
    }
    $totals{$_}{racks} = keys %{ $racks{$_} } for keys %totals;
    return \%totals;
}

# {serial number => id of the record that has it}
sub serials {
    my ($self) = @_;
    return { map { my $record = $_; map { ($_ => $record->{id}) } @{ $record->{serials} } } grep { counts($_) } $self->told };
}

1;
