package StockVerify::Mongo;

# MongoDB commands through build/mongo-shell: one process and one connection for as long as the object lives.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

# program => path of mongo-shell, uri => connection string, database => name
sub new {
    my ($class, %option) = @_;
    -x $option{program} or die "$option{program} is not built: make tools\n";
    local $ENV{MONGODB_URI} = $option{uri};
    my $pid = open2(my $answers, my $commands, $option{program}, $option{database});
    return bless { pid => $pid, answers => $answers, commands => $commands, owner => $$ }, $class;
}

# Runs a command and returns its reply; dies of an error. A command is a JSON text (its first member is the command's
# name, so order matters) or a list of pairs. A reply with a cursor is {documents => [...]}.
sub run {
    my ($self, @command) = @_;
    my $answer = $self->try_run(@command);
    my $error = $answer->{failed} || (exists $answer->{error} ? $answer : undef);
    die "MongoDB: $error->{error} ($error->{code})\n" if $error;
    die 'MongoDB: ' . $JSON->encode($answer->{writeErrors}) . "\n" if $answer->{writeErrors};
    return $answer;
}

sub try_run {
    my ($self, @command) = @_;
    my $text = @command == 1 ? $command[0] : encode_pairs(@command);
    $text =~ s/\s*\n\s*/ /g;
    # A mongo-shell that ended is told by what it does not answer.
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{commands} } "$text\n" or die "mongo-shell: $!\n";
    $self->{commands}->flush;
    my $line = readline $self->{answers};
    die "mongo-shell ended\n" unless defined $line;
    return $JSON->decode($line);
}

sub encode_pairs {
    my (@pairs) = @_;
    my @members;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @members, $JSON->encode("$name") . ': ' . $JSON->encode($value);
    }
    return '{' . join(', ', @members) . '}';
}

# Documents of a collection, in relaxed extended JSON: dates are {'$date' => ...}, decimals {'$numberDecimal' => ...}.
# Options: sort (JSON text or hash of one member), projection, limit.
sub find {
    my ($self, $collection, $filter, %option) = @_;
    my @command = (find => $collection, filter => $filter || {}, batchSize => 1000);
    push @command, map { ($_ => $option{$_}) } grep { defined $option{$_} } qw(sort projection limit);
    return @{ $self->run(@command)->{documents} };
}

sub find_one {
    my ($self, $collection, $filter, %option) = @_;
    return ($self->find($collection, $filter, %option, limit => 1))[0];
}

sub count {
    my ($self, $collection, $filter) = @_;
    my $pipeline = [{ '$match' => $filter || {} }, { '$count' => 'n' }];
    my ($row) = $self->aggregate($collection, $pipeline);
    return $row ? $row->{n} : 0;
}

sub aggregate {
    my ($self, $collection, $pipeline) = @_;
    return @{ $self->run(aggregate => $collection, pipeline => $pipeline, cursor => {})->{documents} };
}

# update: an update document or pipeline; every match is changed. Returns how many documents matched.
sub update {
    my ($self, $collection, $filter, $update) = @_;
    my $reply = $self->run(update => $collection,
        updates => [{ q => $filter, u => $update, multi => JSON::PP::true }]);
    return $reply->{n};
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{pid} && $self->{owner} == $$;
    local ($?, $!, $@);
    local $SIG{PIPE} = 'IGNORE';
    close $self->{commands};
    close $self->{answers};
    waitpid $self->{pid}, 0;
    return;
}

1;
