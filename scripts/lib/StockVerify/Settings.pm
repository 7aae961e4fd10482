package StockVerify::Settings;

# The settings table of core/settings/settings.def, and the two ways it is written down: NAME=VALUE lines for the
# worker and the admin command, directives for nginx.

use strict;
use warnings;

sub new {
    my ($class, $file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    my %row;
    while ($text =~ /^SV_SETTING_(TEXT|SECRET|NUMBER|FLAG)\((\w+),\s*"(\w+)",\s*"(\w+)",\s*(?:"([^"]*)"|(\w+))/mg) {
        my $row = { kind => $1, name => $2, environment => $3, directive => $4, default => $5 // $6 };
        $row{ lc $_ } = $row for @{$row}{qw(name environment directive)};
    }
    die "$file: no settings found\n" unless %row;
    return bless { row => \%row }, $class;
}

# Accepts a setting's environment name, directive or plain name.
sub find {
    my ($self, $name) = @_;
    return $self->{row}{ lc $name } // die "unknown setting: $name\n";
}

# values => { NAME => VALUE } under any accepted name. Returns the same under environment names.
sub normalise {
    my ($self, $values) = @_;
    return { map { ($self->find($_)->{environment} => $values->{$_}) } keys %$values };
}

sub worker_text {
    my ($self, $values) = @_;
    return join '', map { "$_=$values->{$_}\n" } sort keys %$values;
}

sub nginx_text {
    my ($self, $values, $indent) = @_;
    return join '', map { $indent . $self->find($_)->{directive} . ' ' . quoted($values->{$_}) . ";\n" } sort keys %$values;
}

sub quoted {
    my ($value) = @_;
    return $value if $value =~ /^[\w.:\/-]+$/;
    $value =~ s/(["\\])/\\$1/g;
    return qq{"$value"};
}

1;
