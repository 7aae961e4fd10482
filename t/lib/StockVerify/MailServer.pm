package StockVerify::MailServer;

# An SMTP server of a test's own (t/tools/mail_server.py, aiosmtpd), with TLS and a login, to be stopped and started.

use strict;
use warnings;
use Cpanel::JSON::XS ();
use File::Temp ();
use IO::Socket::INET;
use StockVerify::Process qw(spawn is_alive end_process wait_until tail);

my @all;

sub new {
    my ($class) = @_;
    my $folder = File::Temp::tempdir('stockverify-mail-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "no port: $!\n";
    my $self = bless { folder => $folder, port => $free->sockport, login => 'stock:a secret', owner => $$ }, $class;
    close $free;
    mkdir "$folder/mail" or die "$folder: $!\n";
    my @command = (qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail
        -addext subjectAltName=IP:127.0.0.1), '-keyout' => "$folder/key.pem", '-out' => "$folder/cert.pem");
    system("@command 2>/dev/null") == 0 or die "openssl: no certificate\n";
    open my $out, '>', "$folder/password" or die "$folder: $!\n";
    print {$out} "a secret\n";
    close $out;
    push @all, $self;
    return $self;
}

# What makes a stack use it.
sub settings {
    my ($self) = @_;
    return (
        SMTP_HOST => '127.0.0.1', SMTP_PORT => $self->{port}, SMTP_TLS => 'starttls', SMTP_CA_FILE => "$self->{folder}/cert.pem",
        SMTP_USER => 'stock', SMTP_PASSWORD_FILE => "$self->{folder}/password", MAIL_FROM => 'stock@example.com',
    );
}

# plain => 1: offers no TLS; login => another than the stack knows.
sub start {
    my ($self, %option) = @_;
    chomp(my $python = `scripts/deps --test-python`);
    my @tls = $option{plain} ? () : ('--cert' => "$self->{folder}/cert.pem", '--key' => "$self->{folder}/key.pem");
    my $log = "$self->{folder}/log";
    my $begin = -s $log // 0;
    $self->{process} = spawn([$python, 't/tools/mail_server.py', $self->{port}, "$self->{folder}/mail", @tls, '--login' => $option{login} // $self->{login}], $log);
    wait_until(sub { open my $in, '<', $log or return; seek $in, $begin, 0; return grep { /ready/ } <$in> }, 20)
        or die 'no mail server: ' . tail($log, 20);
    return $self;
}

sub stop {
    my ($self) = @_;
    end_process($self->{process}, 'TERM', 10) if $self->{process};
    delete $self->{process};
    return;
}

# What it took: {from, to, headers, text, attachments, tls, login}; only what went to somebody.
sub mails {
    my ($self, $to) = @_;
    my @mails;
    for my $file (sort glob "$self->{folder}/mail/*.json") {
        open my $in, '<:raw', $file or die "$file: $!\n";
        my $mail = Cpanel::JSON::XS->new->utf8->decode(do { local $/; <$in> });
        push @mails, $mail if !$to || grep { $_ eq $to } @{ $mail->{to} };
    }
    return @mails;
}

END { local $?; $_->stop for grep { $_->{owner} == $$ } @all }

1;
